// The form of the search: what is typed is searched while it is typed, and everything that is sent keeps the page.
"use strict";

(() => {
  const PAUSE = 300; // milliseconds without a letter, after which a line is searched
  const SLOW = 1000; // where searches take longer, nothing is searched before it is asked for
  const form = document.getElementById("search");
  const upload = document.getElementById("upload");
  const box = document.getElementById("q");
  let searched = box.value;
  let isGoingOn = false; // whether the newest history entry is that of a line being typed
  let took = 0;
  let timer = 0;

  function addressOfForm() {
    const values = Array.from(new FormData(form)).filter(([name, value]) => value && !(name === "sort" && value === "relevance"));
    return `${form.getAttribute("action")}${values.length ? "?" : ""}${new URLSearchParams(values)}`;
  }

  function send(options) {
    clearTimeout(timer);
    searched = box.value;
    const done = (milliseconds) => {
      took = milliseconds ?? took;
      if (milliseconds !== null) isGoingOn = Boolean(options.quiet);
    };
    document.dispatchEvent(new CustomEvent("pictor:search", { detail: { done, ...options } }));
  }

  function searchTyped() {
    if (box.value === searched || took > SLOW) return;
    send({ address: addressOfForm(), entry: isGoingOn ? "same" : "push", quiet: true });
  }

  box.addEventListener("input", (event) => {
    clearTimeout(timer);
    if (!event.isComposing && document.getElementById("results")) timer = setTimeout(searchTyped, PAUSE);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    document.dispatchEvent(new CustomEvent("pictor:asked", { detail: { line: box.value } }));
    send({ address: addressOfForm(), entry: isGoingOn ? "same" : "push" });
  });

  upload.addEventListener("submit", (event) => {
    event.preventDefault();
    send({ address: upload.action, body: new FormData(upload) });
  });

  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest("input, textarea, select");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    box.focus();
    box.select();
  });

  // Pictor sorts at once; the button is for pages without scripts.
  document.addEventListener("change", (event) => {
    if (event.target.id === "sort") form.requestSubmit();
  });
  document.addEventListener("pictor:results", () => {
    if (document.activeElement !== box) [searched, isGoingOn] = [box.value, false];
    upload.reset();
  });
})();
