// Pictures of the results are selected by the mark on each, with Shift from the last mark on, and with Ctrl+A: all hits
// of the search, not only those that are shown. A bar says how many there are.
"use strict";

const selection = { bar: document.getElementById("selection"), ids: new Set(), isAll: false, last: null };

selection.results = () => document.getElementById("results");
selection.hasLine = () => selection.results()?.dataset.line !== undefined; // "" finds every picture
selection.holds = (tile) => selection.isAll || selection.ids.has(tile.dataset.imageId);

// From all hits to those that are shown: a single one can be left out only of these.
selection.listIds = () => {
  if (selection.isAll) for (const tile of listTiles()) selection.ids.add(tile.dataset.imageId);
  selection.isAll = false;
  return selection.ids;
};

selection.set = (tiles, isSelected) => {
  const ids = selection.listIds();
  for (const tile of tiles) ids[isSelected ? "add" : "delete"](tile.dataset.imageId);
  selection.show();
};

selection.clear = () => {
  selection.ids.clear();
  selection.isAll = false;
  selection.show();
};

selection.show = () => {
  const { bar } = selection;
  const total = Number(selection.results()?.dataset.total ?? 0); // a page of an error has no results
  const count = selection.isAll ? total : selection.ids.size;
  bar.hidden = !selection.isAll && !selection.ids.size;
  document.body.classList.toggle("selecting", !bar.hidden);
  bar.querySelector(".selected").textContent = selection.isAll ? ngettext("The only hit selected", "All %(num)s hits selected", total) : ngettext("%(num)s selected", "%(num)s selected", count);
  const all = bar.querySelector("[data-select=all]");
  all.hidden = selection.isAll || count === total || !selection.hasLine();
  all.textContent = gettext("Select all %(total)s", { total: formatNumber(total) });
  for (const tile of listTiles()) tile.querySelector(".mark")?.setAttribute("aria-checked", selection.holds(tile));
};

(() => {
  if (!selection.bar) return;

  function addMarks() {
    for (const tile of document.querySelectorAll("#results .tile")) {
      if (tile.querySelector(".mark")) continue;
      const mark = Object.assign(document.createElement("button"), { type: "button", className: "mark", tabIndex: -1 });
      mark.setAttribute("role", "checkbox");
      mark.setAttribute("aria-label", gettext("Select %(name)s", { name: tile.querySelector(".name").textContent.trim() }));
      tile.querySelector(".picture").after(mark);
    }
    selection.show();
  }

  function selectAll() {
    selection.isAll = selection.hasLine();
    if (selection.isAll) selection.show();
    else selection.set(listTiles(), true); // a search that no line can say
  }

  document.addEventListener("click", (event) => {
    const tile = event.target.closest("#results .mark")?.closest(".tile");
    if (!tile) return;
    const tiles = listTiles();
    const from = event.shiftKey && selection.last?.isConnected ? tiles.indexOf(selection.last) : tiles.indexOf(tile);
    const [first, end] = [from, tiles.indexOf(tile)].sort((a, b) => a - b);
    selection.set(tiles.slice(first, end + 1), event.shiftKey || !selection.holds(tile));
    selection.last = tile;
  });

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.target.closest("input, textarea, select, dialog")) return;
    if (event.key === "a" && (event.ctrlKey || event.metaKey) && listTiles().length) {
      event.preventDefault();
      selectAll();
    } else if (event.key === "Escape" && !selection.bar.hidden && !document.querySelector("dialog[open]")) selection.clear();
  });

  selection.bar.addEventListener("click", (event) => {
    const act = event.target.closest("[data-select]")?.dataset.select;
    if (act === "all") selectAll();
    if (act === "none") selection.clear();
  });

  // Whatever is shown anew is another search, and nothing of it is selected.
  document.addEventListener("pictor:results", () => {
    selection.clear();
    addMarks();
  });
  document.addEventListener("pictor:tiles", addMarks);
  addMarks();
})();
