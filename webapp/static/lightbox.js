// What the quick look shows: a picture large over the results, which stay as they are, and what is known of it, from
// its own page.
"use strict";

const quickLook = document.getElementById("lightbox");
const look = {}; // show(id), hide(), neighbourOf(id, step), and the id that is shown
const lookedAt = Object.assign(document.createElement("img"), { className: "shown", draggable: false });

(() => {
  if (!quickLook) return;
  const panel = quickLook.querySelector(".panel");
  const place = quickLook.querySelector(".place");
  const act = (name) => quickLook.querySelector(`[data-act="${name}"]`);
  const tileOf = (id) => document.querySelector(`#results .tile[data-image-id="${id}"]`);
  const addressOf = (id) => quickLook.dataset.images + id;

  // Small pictures are enlarged to twice their size at most.
  function setSize(width, height) {
    Object.assign(lookedAt, { width, height });
    lookedAt.style.maxWidth = `min(100%, ${2 * width}px)`;
    lookedAt.style.maxHeight = `min(100%, ${2 * height}px)`;
  }

  function neighbourOf(id, step) {
    const tiles = listTiles();
    const found = tiles.findIndex((tile) => tile.dataset.imageId === id);
    return found < 0 ? null : tiles[found + step];
  }

  // The thumbnail, which is there already, until the large picture is.
  function showPicture(id) {
    quickLook.querySelector(".canvas").append(lookedAt);
    const thumbnail = tileOf(id)?.querySelector("img");
    if (thumbnail) {
      lookedAt.src = thumbnail.src;
      lookedAt.alt = thumbnail.alt;
      setSize(Number(thumbnail.getAttribute("width")), Number(thumbnail.getAttribute("height")));
    } else lookedAt.removeAttribute("src");
  }

  async function sharpen(id, source) {
    const large = new Image();
    large.src = source;
    try {
      await large.decode();
    } catch {
      return; // the thumbnail stays
    }
    if (id === look.shown) lookedAt.src = source;
  }

  async function loadPage(id) {
    const page = await fetchPage(addressOf(id));
    if (id !== look.shown) return;
    const article = page?.querySelector("article.image");
    if (!article) {
      panel.textContent = page?.querySelector("main").textContent.trim() ?? gettext("The server does not answer.");
      return;
    }
    const large = article.querySelector(".large img");
    lookedAt.alt = large.alt;
    setSize(Number(large.getAttribute("width")), Number(large.getAttribute("height")));
    sharpen(id, large.src);
    panel.replaceChildren(...article.querySelector(".about").children, ...page.querySelectorAll(".similar, .similar + .grid"));
    panel.scrollTop = 0;
    quickLook.setAttribute("aria-label", panel.querySelector("h1").textContent);
    // The file as it is, to those who may have it; to others what is shown.
    const file = panel.querySelector("[data-original]");
    Object.assign(act("download"), file ? { href: file.href, download: file.download } : { href: large.src, download: large.dataset.name });
    act("copy").hidden = !panel.querySelector(".path");
    quickLook.dispatchEvent(new CustomEvent("pictor:look", { bubbles: true, detail: { id, article } }));
  }

  function show(id) {
    look.shown = id;
    quickLook.dispatchEvent(new CustomEvent("pictor:leave"));
    showPicture(id);
    panel.textContent = "…";
    for (const [name, step] of [["previous", -1], ["next", 1]]) act(name).hidden = !neighbourOf(id, step);
    const tile = tileOf(id);
    const rank = tile?.closest(".grid").previousElementSibling?.dataset.kind === "weaker" ? "" : tile?.dataset.rank;
    place.textContent = rank ? gettext("%(rank)s of %(total)s", { rank: formatNumber(Number(rank)), total: formatNumber(Number(document.getElementById("results").dataset.total)) }) : "";
    if (!quickLook.open) {
      quickLook.showModal();
      quickLook.focus();
    }
    loadPage(id);
  }

  function hide() {
    const left = look.shown;
    look.shown = "";
    if (quickLook.open) quickLook.close();
    lookedAt.remove();
    quickLook.dispatchEvent(new CustomEvent("pictor:leave"));
    tileOf(left)?.querySelector(".picture").focus();
  }

  Object.assign(look, { show, hide, neighbourOf, shown: "" });
})();
