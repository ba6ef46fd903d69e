// A box on a picture, drawn by pointer, mouse or finger, or moved by the arrows and sized by Shift and the arrows. The
// picture lies in `canvas` and has its size as attributes; the keys are those of `form`.
"use strict";

function makeDrawnBox(canvas, picture, form) {
  const STEP = 0.02;
  const LEAST = 0.04; // of a side
  const box = Object.assign(document.createElement("div"), { className: "box" });
  const arrows = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  const within = (value, least, most) => Math.min(Math.max(value, least), most);
  let region = null;
  let start = null;

  // Where the picture is painted in its element, which it fills in one direction only.
  function paintedIn(element) {
    const [across, down] = ["width", "height"].map((side) => Number(picture.getAttribute(side)));
    const scale = Math.min(element.width / across, element.height / down);
    const [width, height] = [across * scale, down * scale];
    return { left: element.left + (element.width - width) / 2, top: element.top + (element.height - height) / 2, width, height };
  }

  function place() {
    const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = picture;
    const painted = paintedIn({ left, top, width, height });
    box.style.left = `${painted.left + region.left * painted.width}px`;
    box.style.top = `${painted.top + region.top * painted.height}px`;
    box.style.width = `${region.width * painted.width}px`;
    box.style.height = `${region.height * painted.height}px`;
  }

  function set(left, top, width, height) {
    const [across, down] = [within(width, LEAST, 1), within(height, LEAST, 1)];
    region = { left: within(left, 0, 1 - across), top: within(top, 0, 1 - down), width: across, height: down };
    place();
  }

  function placeOf(event) {
    const shown = paintedIn(picture.getBoundingClientRect());
    return [within((event.clientX - shown.left) / shown.width, 0, 1), within((event.clientY - shown.top) / shown.height, 0, 1)];
  }

  form.addEventListener("keydown", (event) => {
    const arrow = arrows[event.key];
    if (!arrow || !region) return;
    event.preventDefault();
    const { left, top, width, height } = region;
    if (event.shiftKey) set(left, top, width + arrow[0], height + arrow[1]);
    else set(left + arrow[0], top + arrow[1], width, height);
  });
  canvas.addEventListener("pointerdown", (event) => {
    if (!region) return;
    event.preventDefault(); // the keys go on where the focus is
    start = placeOf(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start || !region) return;
    const [x, y] = placeOf(event);
    set(Math.min(x, start[0]), Math.min(y, start[1]), Math.abs(x - start[0]), Math.abs(y - start[1]));
  });
  for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => { start = null; });
  window.addEventListener("resize", () => { if (region) place(); });

  return {
    show(sides = [0.25, 0.25, 0.5, 0.5]) {
      canvas.append(box);
      set(...sides);
    },
    hide() {
      region = null;
      box.remove();
    },
    // Left, top, width and height as a line of a query says them: shares of the picture.
    sides: () => [region.left, region.top, region.width, region.height].map((side) => Number(side.toFixed(3))).join(","),
  };
}
