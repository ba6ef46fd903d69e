// Zoom and pan in the quick look: the wheel, +, − and 0, a double click, dragging, and arrows while it is enlarged.
"use strict";

(() => {
  if (!quickLook) return;
  const MOST = 8;
  const canvas = quickLook.querySelector(".canvas");
  let [scale, x, y] = [1, 0, 0];

  function place() {
    const [acrossMost, downMost] = [canvas.clientWidth * (scale - 1) / 2, canvas.clientHeight * (scale - 1) / 2];
    x = Math.min(Math.max(x, -acrossMost), acrossMost);
    y = Math.min(Math.max(y, -downMost), downMost);
    canvas.style.transform = scale === 1 ? "" : `translate(${x}px, ${y}px) scale(${scale})`;
    canvas.classList.toggle("enlarged", scale > 1);
  }

  // What lies at this point of the stage, counted from its middle, stays where it is.
  function zoom(factor, across = 0, down = 0) {
    const before = scale;
    scale = Math.min(Math.max(scale * factor, 1), MOST);
    x = across - (across - x) * (scale / before);
    y = down - (down - y) * (scale / before);
    place();
  }

  function fromMiddle(event) {
    const box = quickLook.querySelector(".stage").getBoundingClientRect();
    return [event.clientX - box.left - box.width / 2, event.clientY - box.top - box.height / 2];
  }

  function reset() {
    [scale, x, y] = [1, 0, 0];
    place();
  }

  function move(across, down) {
    x += across;
    y += down;
    place();
  }

  const steps = { ArrowLeft: [80, 0], ArrowRight: [-80, 0], ArrowUp: [0, 80], ArrowDown: [0, -80] };
  const isBusy = () => quickLook.classList.contains("marking");

  quickLook.addEventListener("click", (event) => {
    const name = event.target.closest("[data-act]")?.dataset.act;
    if (name === "zoom-in") zoom(1.5);
    if (name === "zoom-out") zoom(1 / 1.5);
  });
  // Before the keys of the quick look, which turn to other pictures.
  quickLook.addEventListener("keydown", (event) => {
    if (event.target.closest("input, .panel") || event.ctrlKey || event.metaKey || event.altKey || isBusy()) return;
    if (event.key === "+") zoom(1.5);
    else if (event.key === "-") zoom(1 / 1.5);
    else if (event.key === "0") reset();
    else if (scale > 1 && steps[event.key]) move(...steps[event.key]);
    else return;
    event.preventDefault();
  }, true);
  canvas.addEventListener("wheel", (event) => {
    event.preventDefault();
    zoom(event.deltaY < 0 ? 1.2 : 1 / 1.2, ...fromMiddle(event));
  }, { passive: false });
  canvas.addEventListener("dblclick", (event) => (scale > 1 ? reset() : zoom(2.5, ...fromMiddle(event))));
  canvas.addEventListener("pointermove", (event) => {
    if (event.buttons === 1 && scale > 1 && !isBusy()) move(event.movementX, event.movementY);
  });
  quickLook.addEventListener("pictor:leave", reset);
})();
