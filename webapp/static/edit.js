// The edit form of a picture: suggestions are looked for once the form is opened.
"use strict";

const editing = document.querySelector("details.edit");
const offers = editing.querySelector("[data-suggestions]");

async function loadSuggestions() {
  const answer = await fetch(offers.querySelector("a").href);
  if (!answer.ok) return; // the link stays, and leads to what is wrong
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  offers.before(document.adoptNode(page.getElementById("suggestions")));
  const link = offers.querySelector("a");
  link.nextSibling.remove();
  link.remove();
}

if (editing.open) loadSuggestions();
else editing.addEventListener("toggle", loadSuggestions, { once: true });
