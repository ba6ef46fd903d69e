// How results are shown: the size of tiles, what stands below them, copies, and the rail of filters. It is remembered, and
// set before anything is painted, so this script is not deferred. The style sheet does the rest.
"use strict";

const VIEW = ["size", "facts", "copies", "rail"];
const root = document.documentElement;

function recallView(name) {
  try {
    return localStorage.getItem(`pictor ${name}`);
  } catch {
    return null; // some visitors allow no storage
  }
}

function rememberView(name, value) {
  root.dataset[name] = value;
  try {
    localStorage.setItem(`pictor ${name}`, value);
  } catch {
    // it holds for this page
  }
}

for (const name of VIEW) {
  const value = recallView(name);
  if (value) root.dataset[name] = value;
}

function showChosenView() {
  for (const input of document.querySelectorAll("[data-view]")) {
    if (root.dataset[input.name] === input.value) input.checked = true;
  }
}

document.addEventListener("change", (event) => {
  if (event.target.matches("[data-view]")) rememberView(event.target.name, event.target.value);
});
document.addEventListener("DOMContentLoaded", showChosenView);
document.addEventListener("pictor:results", showChosenView);
