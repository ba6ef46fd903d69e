// The keys of the page: the list of them, and what they do to the picture that has the focus. Those of a single
// letter can be switched off, for people whose voice or hands type letters by accident.
"use strict";

(() => {
  const LETTERS = "pictor.letters";
  const dialog = document.getElementById("keys");
  const chooser = document.getElementById("letters");
  const TYPED = "input:not([type=checkbox], [type=radio], [type=range], [type=file]), textarea, select, [contenteditable]";
  const actsOnTile = { s: ".like", "+": "[data-steer=good]", "=": "[data-steer=good]", "-": "[data-steer=bad]" };

  const areLettersOn = () => chooser.checked;
  const isLetter = (event) =>
    event.key.length === 1 && event.key !== " " && !event.ctrlKey && !event.metaKey && !event.altKey && !event.target.closest(TYPED);

  function actOn(event, selector) {
    const control = event.target.closest(".tile")?.querySelector(selector);
    if (!control) return;
    event.preventDefault();
    control.click();
  }

  function goToBox(event) {
    event.preventDefault();
    document.getElementById("q").focus();
  }

  // Esc closes what lies over the page, and the focus goes back to what opened it.
  function closeCard(event) {
    const card = event.target.closest("details.help[open]") ?? document.querySelector("details.help[open]");
    if (!card || event.target.closest("dialog") || event.target.closest(TYPED)?.closest("#search")) return;
    event.preventDefault();
    card.open = false;
    card.querySelector("summary").focus();
  }

  chooser.checked = localStorage.getItem(LETTERS) !== "off";
  chooser.addEventListener("change", () => localStorage.setItem(LETTERS, chooser.checked ? "on" : "off"));
  document.getElementById("show-keys").addEventListener("click", () => dialog.showModal());

  // Before every other script: a letter that is switched off reaches none of them.
  window.addEventListener("keydown", (event) => {
    if (isLetter(event) && !areLettersOn()) event.stopImmediatePropagation();
  }, true);

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Escape") return void closeCard(event);
    if (event.key === "k" && (event.ctrlKey || event.metaKey)) return void goToBox(event);
    if (!isLetter(event)) return;
    if (event.key === "?" && !dialog.open) return void dialog.showModal();
    if (actsOnTile[event.key]) actOn(event, actsOnTile[event.key]);
  });
})();
