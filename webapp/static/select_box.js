// A box that is drawn with the mouse from beside a picture selects the pictures that it touches.
"use strict";

(() => {
  if (!selection.bar) return;
  const box = Object.assign(document.createElement("div"), { className: "selecting-box", hidden: true });
  const SMALLEST = 6; // pixels: less is a click
  let start = null;
  document.body.append(box);

  const sides = (event) => ({
    left: Math.min(start.x, event.pageX),
    top: Math.min(start.y, event.pageY),
    width: Math.abs(event.pageX - start.x),
    height: Math.abs(event.pageY - start.y),
  });

  function listTouched(drawn) {
    return listTiles().filter((tile) => {
      const place = tile.querySelector(".picture").getBoundingClientRect();
      const [left, top] = [place.left + scrollX, place.top + scrollY];
      return left < drawn.left + drawn.width && left + place.width > drawn.left && top < drawn.top + drawn.height && top + place.height > drawn.top;
    });
  }

  document.addEventListener("pointerdown", (event) => {
    const isBeside = event.target.closest(".listed") && !event.target.closest("a, button, summary, input, label, select");
    if (isBeside && event.button === 0 && event.pointerType === "mouse") start = { x: event.pageX, y: event.pageY };
  });
  document.addEventListener("pointermove", (event) => {
    if (!start) return;
    const drawn = sides(event);
    if (box.hidden && drawn.width < SMALLEST && drawn.height < SMALLEST) return;
    getSelection().removeAllRanges(); // no text is meant
    box.hidden = false;
    for (const [side, pixels] of Object.entries(drawn)) box.style[side] = `${pixels}px`;
  });
  document.addEventListener("pointerup", (event) => {
    if (start && !box.hidden) selection.set(listTouched(sides(event)), true);
    start = null;
    box.hidden = true;
  });
})();
