// What the hand does on the map: drag, wheel and pinch, hover and click on a picture, and the line around pictures.
"use strict";

const preview = map.querySelector(".preview");
const line = map.querySelector("polyline");
const fingers = new Map();
let corners = []; // of the line around pictures, while it is drawn
let moved = 0;

const placeOn = (event) => {
  const box = canvas.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
};

// The picture whose dot is nearest to a place of the canvas, at most 12 pixels away; -1 for none.
function findPoint({ x, y }) {
  const [wantedX, wantedY] = [(x / view.scale + view.x) * 65535, (y / view.scale + view.y) * 65535];
  let [nearest, least] = [-1, ((12 / view.scale) * 65535) ** 2];
  for (let number = 0; number < points.count; number++) {
    const distance = (points.x[number] - wantedX) ** 2 + (points.y[number] - wantedY) ** 2;
    if (distance < least) [nearest, least] = [number, distance];
  }
  return nearest;
}

function showPreview(event) {
  const place = placeOn(event);
  const found = findPoint(place);
  preview.hidden = found < 0;
  if (found < 0) return;
  const image = preview.firstElementChild;
  const address = `/media/${points.ids[found]}/thumbnail`;
  if (image.getAttribute("src") !== address) image.src = address;
  const across = place.x > canvas.width / 2 ? place.x - 236 : place.x + 16;
  preview.style.translate = `${across}px ${Math.max(4, Math.min(place.y - 60, canvas.height - 200))}px`;
}

function drawLine() {
  line.setAttribute("points", corners.map(({ x, y }) => `${x},${y}`).join(" "));
}

// The pictures inside the line have a page of their own.
function openArea() {
  const step = Math.ceil(corners.length / 100);
  const inside = (value) => Math.min(1, Math.max(0, value)).toFixed(4);
  const area = corners.filter((_, number) => number % step === 0);
  if (area.length < 3) return;
  const text = area.map(({ x, y }) => `${inside(x / view.scale + view.x)},${inside(y / view.scale + view.y)}`);
  location.assign(`${map.dataset.area}?${new URLSearchParams({ area: text.join(";") })}`);
}

canvas.addEventListener("pointerdown", (event) => {
  canvas.setPointerCapture(event.pointerId);
  fingers.set(event.pointerId, placeOn(event));
  moved = 0;
  corners = map.dataset.mode === "lasso" ? [placeOn(event)] : [];
});

canvas.addEventListener("pointermove", (event) => {
  const before = fingers.get(event.pointerId);
  if (!before) return showPreview(event);
  const now = placeOn(event);
  moved += Math.hypot(now.x - before.x, now.y - before.y);
  preview.hidden = true;
  if (corners.length) {
    corners.push(now);
    drawLine();
  } else if (fingers.size === 2) {
    const other = [...fingers].find(([finger]) => finger !== event.pointerId)[1];
    const span = (place) => Math.hypot(place.x - other.x, place.y - other.y) || 1;
    zoom(span(now) / span(before), other.x, other.y);
  } else {
    moveBy(now.x - before.x, now.y - before.y);
  }
  return fingers.set(event.pointerId, now);
});

function lift(event) {
  fingers.delete(event.pointerId);
  if (event.type !== "pointerup") return;
  if (corners.length > 2) return openArea();
  const found = moved < 5 ? findPoint(placeOn(event)) : -1;
  if (found >= 0) location.assign(`/images/${points.ids[found]}`);
}
canvas.addEventListener("pointerup", lift);
canvas.addEventListener("pointercancel", lift);
canvas.addEventListener("pointerleave", () => { preview.hidden = true; });
canvas.addEventListener("wheel", (event) => {
  event.preventDefault();
  const { x, y } = placeOn(event);
  zoom(Math.exp(-event.deltaY / 400), x, y);
}, { passive: false });

const draw = document.getElementById("draw");
draw.addEventListener("click", () => {
  const isOn = map.dataset.mode !== "lasso";
  map.dataset.mode = isOn ? "lasso" : "";
  draw.setAttribute("aria-pressed", isOn);
  document.getElementById("map-message").textContent = isOn ? gettext("Draw a line around the pictures that you want.") : "";
});
document.getElementById("closer").addEventListener("click", () => zoom(1.5));
document.getElementById("farther").addEventListener("click", () => zoom(1 / 1.5));
document.getElementById("whole").addEventListener("click", showWhole);
