// The names of clusters over the map, where they have room, and the ring around the picture that is marked.
"use strict";

const names = Array.from(map.querySelectorAll(".places li"));
const ring = map.querySelector("circle");

function placeNames() {
  const taken = [];
  for (const name of names) {
    const across = (Number(name.dataset.x) - view.x) * view.scale + 8;
    const down = (Number(name.dataset.y) - view.y) * view.scale - 20;
    const isIn = across > 0 && down > 0 && across < canvas.width - 90 && down < canvas.height - 44;
    const hasRoom = taken.every((other) => Math.abs(other.across - across) > 150 || Math.abs(other.down - down) > 46);
    name.hidden = !(isIn && hasRoom);
    if (name.hidden) continue;
    taken.push({ across, down });
    name.style.translate = `${Math.round(across)}px ${Math.round(down)}px`;
  }
}

function placeRing() {
  const marked = points.ids.indexOf(Number(map.dataset.marked));
  if (!map.dataset.marked || marked < 0) return;
  ring.setAttribute("cx", (points.x[marked] / 65535 - view.x) * view.scale);
  ring.setAttribute("cy", (points.y[marked] / 65535 - view.y) * view.scale);
}

for (const name of names) {
  name.firstElementChild.addEventListener("click", () => {
    view.x = Number(name.dataset.x) - canvas.width / 2 / view.scale;
    view.y = Number(name.dataset.y) - canvas.height / 2 / view.scale;
    zoom(2.2);
  });
}
map.addEventListener("drawn", () => {
  placeNames();
  placeRing();
});
