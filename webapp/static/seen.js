// Which pictures were looked at is kept in this browser alone, for each library; they are dimmed on demand.
"use strict";

(() => {
  const MOST = 20000; // ids that are kept; the oldest are forgotten first
  const library = document.documentElement.dataset.library;
  const SEEN = `pictor.seen.${library}`;
  const DIMS = "pictor.dims";

  function readSeen() {
    try {
      return JSON.parse(localStorage.getItem(SEEN)) ?? [];
    } catch {
      return [];
    }
  }

  function noteLook(id) {
    const seen = readSeen().filter((other) => other !== id);
    localStorage.setItem(SEEN, JSON.stringify([...seen, id].slice(-MOST)));
  }

  function showDimmed() {
    const dimmer = document.getElementById("dimmer");
    if (!dimmer) return;
    const dims = localStorage.getItem(DIMS) === "yes";
    const seen = new Set(readSeen());
    dimmer.hidden = !seen.size;
    dimmer.setAttribute("aria-pressed", String(dims));
    for (const tile of document.querySelectorAll(".tile")) {
      tile.classList.toggle("seen", dims && seen.has(Number(tile.dataset.imageId)));
    }
  }

  document.addEventListener("click", (event) => {
    if (event.target.closest("#dimmer")) {
      localStorage.setItem(DIMS, localStorage.getItem(DIMS) === "yes" ? "no" : "yes");
      showDimmed();
    }
    const tile = event.target.closest(".picture")?.closest("[data-image-id]");
    if (tile) noteLook(Number(tile.dataset.imageId));
  });

  document.addEventListener("pictor:look", (event) => {
    noteLook(Number(event.detail.id));
    showDimmed();
  });

  const shown = document.querySelector("article.image");
  if (shown) noteLook(Number(shown.dataset.imageId));
  document.addEventListener("pictor:results", showDimmed);
  document.addEventListener("pictor:tiles", showDimmed);
  window.addEventListener("pageshow", showDimmed);
})();
