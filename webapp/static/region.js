// A box on the picture of the quick look, drawn by the pointer or moved and sized by arrows, and the search for it.
"use strict";

(() => {
  if (!quickLook) return;
  const form = quickLook.querySelector("form.region");
  const canvas = quickLook.querySelector(".canvas");
  const box = document.createElement("div");
  box.className = "box";
  const STEP = 0.02;
  const LEAST = 0.04; // of a side
  let region = { left: 0.25, top: 0.25, width: 0.5, height: 0.5 };
  let start = null;
  let id = "";

  // Where the picture is painted in its element, which it fills in one direction only.
  function paintedIn(element) {
    const [across, down] = ["width", "height"].map((side) => Number(lookedAt.getAttribute(side)));
    const scale = Math.min(element.width / across, element.height / down);
    const [width, height] = [across * scale, down * scale];
    return { left: element.left + (element.width - width) / 2, top: element.top + (element.height - height) / 2, width, height };
  }

  function show() {
    const { offsetLeft: left, offsetTop: top, offsetWidth: width, offsetHeight: height } = lookedAt;
    const painted = paintedIn({ left, top, width, height });
    box.style.left = `${painted.left + region.left * painted.width}px`;
    box.style.top = `${painted.top + region.top * painted.height}px`;
    box.style.width = `${region.width * painted.width}px`;
    box.style.height = `${region.height * painted.height}px`;
  }

  const within = (value, least, most) => Math.min(Math.max(value, least), most);

  function setRegion(left, top, width, height) {
    const [across, down] = [within(width, LEAST, 1), within(height, LEAST, 1)];
    region = { left: within(left, 0, 1 - across), top: within(top, 0, 1 - down), width: across, height: down };
    show();
  }

  function placeOf(event) {
    const shown = paintedIn(lookedAt.getBoundingClientRect());
    return [within((event.clientX - shown.left) / shown.width, 0, 1), within((event.clientY - shown.top) / shown.height, 0, 1)];
  }

  function toggle(on = form.hidden) {
    form.hidden = !on;
    quickLook.classList.toggle("marking", on);
    quickLook.querySelector('.tools [data-act="region"]').setAttribute("aria-pressed", String(on));
    if (!on) return box.remove();
    canvas.append(box);
    setRegion(0.25, 0.25, 0.5, 0.5);
    return form.querySelector("[type=submit]").focus();
  }

  const arrows = { ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0], ArrowUp: [0, -STEP], ArrowDown: [0, STEP] };
  form.addEventListener("keydown", (event) => {
    const arrow = arrows[event.key];
    if (!arrow) return;
    event.preventDefault();
    const { left, top, width, height } = region;
    if (event.shiftKey) setRegion(left, top, width + arrow[0], height + arrow[1]);
    else setRegion(left + arrow[0], top + arrow[1], width, height);
  });

  canvas.addEventListener("pointerdown", (event) => {
    if (form.hidden) return;
    start = placeOf(event);
    canvas.setPointerCapture(event.pointerId);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (!start || form.hidden) return;
    const [x, y] = placeOf(event);
    setRegion(Math.min(x, start[0]), Math.min(y, start[1]), Math.abs(x - start[0]), Math.abs(y - start[1]));
  });
  canvas.addEventListener("pointerup", () => { start = null; });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const sides = [region.left, region.top, region.width, region.height].map((side) => Number(side.toFixed(3)));
    location.assign(`${form.dataset.search}?${new URLSearchParams({ q: `image:${id}@${sides.join(",")}` })}`);
  });
  quickLook.addEventListener("click", (event) => {
    if (event.target.closest("[data-act]")?.dataset.act === "region") toggle();
  });
  window.addEventListener("resize", () => { if (!form.hidden) show(); });
  quickLook.addEventListener("pictor:look", (event) => { id = event.detail.id; });
  quickLook.addEventListener("pictor:leave", () => toggle(false));
})();
