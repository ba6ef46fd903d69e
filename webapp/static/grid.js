// The tiles are one stop of the Tab key: arrows go from tile to tile, and Tab goes through the chosen one.
"use strict";

// Those that can be seen: some lie in a stack.
const listTiles = () => Array.from(document.querySelectorAll("#results .tile, main > .grid .tile")).filter((tile) => tile.getClientRects().length);
const controlsOf = (tile) => tile.querySelectorAll("a, button, summary");
const pictureOf = (tile) => tile.querySelector(".picture");

function choose(tile) {
  for (const other of document.querySelectorAll(".tile")) {
    for (const control of controlsOf(other)) control.tabIndex = other === tile ? 0 : -1;
  }
}

function centreOf(tile) {
  const box = pictureOf(tile).getBoundingClientRect();
  return { across: box.left + box.width / 2, top: Math.round(box.top) };
}

// The tile in the next row up or down that lies nearest below or above this one.
function findInNextRow(tile, direction) {
  const from = centreOf(tile);
  const places = listTiles().map((other) => ({ other, ...centreOf(other) }));
  const beyond = places.filter((place) => direction * (place.top - from.top) > 1);
  if (!beyond.length) return null;
  const row = direction * Math.min(...beyond.map((place) => direction * place.top));
  const distance = (place) => Math.abs(place.across - from.across);
  return beyond.filter((place) => place.top === row).reduce((best, place) => (distance(place) < distance(best) ? place : best)).other;
}

const neighbour = (tile, step) => {
  const tiles = listTiles();
  return tiles[tiles.indexOf(tile) + step];
};

const moves = {
  ArrowRight: (tile) => neighbour(tile, 1),
  ArrowLeft: (tile) => neighbour(tile, -1),
  ArrowDown: (tile) => findInNextRow(tile, 1),
  ArrowUp: (tile) => findInNextRow(tile, -1),
  Home: () => listTiles()[0],
  End: () => listTiles().at(-1),
};

document.addEventListener("keydown", (event) => {
  const tile = event.target.closest(".tile");
  const move = moves[event.key];
  if (!tile || !move || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
  event.preventDefault();
  const next = move(tile);
  if (next) pictureOf(next).focus();
});

// Whatever gets the focus, also by a click or after the Back button, is the chosen tile from then on.
document.addEventListener("focusin", (event) => {
  const tile = event.target.closest(".tile");
  if (!tile) return;
  choose(tile);
  history.replaceState({ ...history.state, image: tile.dataset.imageId }, "");
});

function startGrid() {
  const tiles = listTiles();
  const focused = document.activeElement?.closest(".tile");
  if (tiles.length) choose(focused ?? tiles[0]);
}

// The history entry knows which tile was left, so that Back leads to it.
function returnToTile() {
  const left = listTiles().find((tile) => tile.dataset.imageId === history.state?.image);
  if (left) pictureOf(left).focus({ preventScroll: true });
}

document.addEventListener("pictor:results", startGrid);
document.addEventListener("pictor:tiles", startGrid);
startGrid();
