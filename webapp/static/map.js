// The map: a dot for each picture, drawn into a buffer of pixels, which is as quick on machines without a GPU.
// `view` says which part is shown: a place (x, y) from 0 to 1 is drawn at ((x - view.x) * view.scale, ...).
"use strict";

const map = document.getElementById("map");
const canvas = map.querySelector("canvas");
const context = canvas.getContext("2d");
const view = { x: 0, y: 0, scale: 1 };
const points = { count: 0, ids: [], x: [], y: [], clusters: [] };
const HUES = [185, 25, 265, 90, 330, 140, 45, 220, 300, 0, 110, 60];
let buffer = null; // of the canvas, as one number for each pixel
let isDrawn = true;

async function loadPoints() {
  const bytes = await (await fetch(map.dataset.points)).arrayBuffer();
  const count = new DataView(bytes).getUint32(0, true);
  points.ids = new Uint32Array(bytes, 4, count);
  points.x = new Uint16Array(bytes, 4 + 4 * count, count);
  points.y = new Uint16Array(bytes, 4 + 6 * count, count);
  points.clusters = new Uint8Array(bytes, 4 + 8 * count, count);
  points.count = count;
}

// The colours of clusters as the buffer holds them: alpha, blue, green, red.
function mixColours() {
  const ground = getComputedStyle(document.documentElement).getPropertyValue("--ground").trim();
  const dark = parseInt(ground.slice(1, 3), 16) < 128; // whatever chose it: the system, or the switch
  const probe = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  return Uint32Array.from({ length: 256 }, (_, number) => {
    probe.fillStyle = `hsl(${HUES[number % HUES.length]} 55% ${dark ? 62 : 42}%)`;
    probe.fillRect(0, 0, 1, 1);
    const [red, green, blue] = probe.getImageData(0, 0, 1, 1).data;
    return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
  });
}
const colours = mixColours();

function fitCanvas() {
  canvas.width = canvas.clientWidth;
  canvas.height = canvas.clientHeight;
  const image = context.createImageData(canvas.width, canvas.height);
  buffer = { image, pixels: new Uint32Array(image.data.buffer) };
}

function showWhole() {
  view.scale = 0.94 * Math.min(canvas.width, canvas.height);
  view.x = 0.5 - canvas.width / 2 / view.scale;
  view.y = 0.5 - canvas.height / 2 / view.scale;
  redraw();
}

const dotSize = () => Math.max(2, Math.min(9, Math.round((view.scale / Math.sqrt(points.count + 1)) * 0.35)));

function drawPoints() {
  const { width, height } = canvas;
  const { pixels, image } = buffer;
  const size = dotSize();
  const scale = view.scale / 65535;
  const left = view.x * view.scale + size / 2;
  const top = view.y * view.scale + size / 2;
  pixels.fill(0);
  for (let number = 0; number < points.count; number++) {
    const x = (points.x[number] * scale - left) | 0;
    const y = (points.y[number] * scale - top) | 0;
    if (x < 0 || y < 0 || x >= width - size || y >= height - size) continue;
    const colour = colours[points.clusters[number]];
    for (let row = y; row < y + size; row++) pixels.fill(colour, row * width + x, row * width + x + size);
  }
  context.putImageData(image, 0, 0);
  map.dispatchEvent(new CustomEvent("drawn"));
}

// Draws once before the next frame, however often it is asked for.
function redraw() {
  if (!isDrawn) return;
  isDrawn = false;
  requestAnimationFrame(() => {
    isDrawn = true;
    drawPoints();
  });
}

// Zooms so that the place under (x, y) of the canvas stays there.
function zoom(factor, x = canvas.width / 2, y = canvas.height / 2) {
  const scale = Math.min(Math.max(view.scale * factor, 100), 400000);
  view.x += x / view.scale - x / scale;
  view.y += y / view.scale - y / scale;
  view.scale = scale;
  redraw();
}

function moveBy(across, down) {
  view.x -= across / view.scale;
  view.y -= down / view.scale;
  redraw();
}

new ResizeObserver(() => {
  fitCanvas();
  redraw();
}).observe(canvas);
fitCanvas();
loadPoints().then(() => {
  showWhole();
  map.dataset.state = "ready";
  map.dispatchEvent(new CustomEvent("ready"));
});
