// Copies and shots of an earlier picture of the page lie below it until its number is pressed. Every one of them is
// a hit of its own: the list and its total stay as they are, and without scripts all are shown.
"use strict";

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-stack]");
  if (!button) return;
  const isOpen = button.getAttribute("aria-expanded") === "false";
  button.setAttribute("aria-expanded", String(isOpen));
  const tiles = Array.from(document.querySelectorAll(`.tile[data-below="${button.dataset.stack}"]`));
  for (const tile of tiles) tile.classList.toggle("spread", isOpen);
  if (isOpen) button.closest(".tile").after(...tiles);
});
