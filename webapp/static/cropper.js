// The cropper: a click on the picture of a chip opens it large, a box is drawn on it, and what is searched for changes.
"use strict";

(() => {
  const dialog = document.getElementById("cropper");
  if (!dialog) return;
  const form = dialog.querySelector("form");
  const canvas = dialog.querySelector(".canvas");
  const picture = Object.assign(document.createElement("img"), { draggable: false });
  const box = makeDrawnBox(canvas, picture, form);
  const SIDE = 1000; // only the shape counts
  let address = "";

  function open(chip) {
    const { crop, picture: source, name, ratio, box: sides } = chip.dataset;
    address = crop;
    Object.assign(picture, { src: source, alt: name, width: Math.round(SIDE * ratio), height: SIDE });
    canvas.append(picture);
    dialog.showModal();
    box.show(sides?.split(",").map(Number));
    form.querySelector("[type=submit]").focus();
  }

  document.addEventListener("click", (event) => {
    const asked = event.target.closest("[data-crop]");
    const shown = event.target.closest(".chip-menu .thumbnail")?.closest(".chip").querySelector("[data-crop]");
    if (!asked && !shown) return;
    event.preventDefault(); // the menu of the chip stays closed
    open(asked ?? shown);
  });
  dialog.addEventListener("close", () => {
    const detail = { address: `${address}&${new URLSearchParams({ box: box.sides() })}` };
    box.hide();
    if (dialog.returnValue === "crop") document.dispatchEvent(new CustomEvent("pictor:search", { detail }));
    dialog.returnValue = "";
  });
})();
