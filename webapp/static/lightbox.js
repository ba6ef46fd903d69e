// Quick look: a picture large over the results, which stay as they are. The address after # names it, so that a link
// and a reload show the same, and Back closes it. What is known of it comes from its own page.
"use strict";

const quickLook = document.getElementById("lightbox");
const lookedAt = Object.assign(document.createElement("img"), { className: "shown", draggable: false });

(() => {
  if (!quickLook) return;
  const MARK = "#picture=";
  const panel = quickLook.querySelector(".panel");
  const place = quickLook.querySelector(".place");
  const act = (name) => quickLook.querySelector(`[data-act="${name}"]`);
  const tileOf = (id) => document.querySelector(`#results .tile[data-image-id="${id}"]`);
  const addressOf = (id) => quickLook.dataset.images + id;
  const idInAddress = () => (location.hash.startsWith(MARK) ? location.hash.slice(MARK.length) : "");
  let shown = "";

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
    if (id === shown) lookedAt.src = source;
  }

  async function loadPage(id) {
    const page = await fetchPage(addressOf(id));
    if (id !== shown) return;
    const article = page?.querySelector("article.image");
    if (!article) {
      panel.textContent = page?.querySelector("main").textContent.trim() ?? "The server does not answer.";
      return;
    }
    const large = article.querySelector(".large img");
    lookedAt.alt = large.alt;
    setSize(Number(large.getAttribute("width")), Number(large.getAttribute("height")));
    sharpen(id, large.src);
    panel.replaceChildren(...article.querySelector(".about").children, ...page.querySelectorAll(".similar, .similar + .grid"));
    panel.scrollTop = 0;
    quickLook.setAttribute("aria-label", panel.querySelector("h1").textContent);
    const download = act("download");
    download.href = large.src;
    download.download = large.dataset.name;
    act("copy").hidden = !panel.querySelector(".path");
    quickLook.dispatchEvent(new CustomEvent("pictor:look", { bubbles: true, detail: { id, article } }));
  }

  function show(id) {
    shown = id;
    quickLook.dispatchEvent(new CustomEvent("pictor:leave"));
    showPicture(id);
    panel.textContent = "…";
    for (const [name, step] of [["previous", -1], ["next", 1]]) act(name).hidden = !neighbourOf(id, step);
    const rank = tileOf(id)?.dataset.rank;
    place.textContent = rank ? `${rank} of ${document.getElementById("results").dataset.total}` : "";
    if (!quickLook.open) {
      quickLook.showModal();
      quickLook.focus();
    }
    loadPage(id);
  }

  function open(id) {
    const change = quickLook.open ? "replaceState" : "pushState";
    history[change]({ ...history.state, looks: true, image: id }, "", `${location.pathname}${location.search}${MARK}${id}`);
    show(id);
  }

  function close() {
    if (history.state?.looks) history.back(); // popstate closes it
    else {
      history.replaceState(history.state, "", location.pathname + location.search);
      hide();
    }
  }

  function hide() {
    const left = shown;
    shown = "";
    if (quickLook.open) quickLook.close();
    lookedAt.remove();
    quickLook.dispatchEvent(new CustomEvent("pictor:leave"));
    tileOf(left)?.querySelector(".picture").focus();
  }

  async function turn(step) {
    let tile = neighbourOf(shown, step);
    if (!tile) return;
    open(tile.dataset.imageId);
    if (step > 0 && !neighbourOf(shown, 1) && (await addPage())) act("next").hidden = false;
  }

  const acts = {
    close,
    previous: () => turn(-1),
    next: () => turn(1),
    panel: () => act("panel").setAttribute("aria-pressed", String(quickLook.classList.toggle("alone") === false)),
    async copy() {
      const path = panel.querySelector(".path").textContent;
      await navigator.clipboard.writeText(path).then(() => { place.textContent = "Path copied"; }, () => { place.textContent = path; });
    },
  };
  const keys = { ArrowLeft: "previous", ArrowRight: "next", i: "panel" };

  quickLook.addEventListener("click", (event) => acts[event.target.closest("[data-act]")?.dataset.act]?.());
  quickLook.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  quickLook.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, .panel") && event.key.startsWith("Arrow")) return;
    if (event.key === " " && event.target === quickLook) close();
    if (keys[event.key]) acts[keys[event.key]]();
  });

  // A plain click or Space on a tile of the results opens it here; with Ctrl and the like its page opens as ever.
  document.addEventListener("click", (event) => {
    const tile = event.target.closest("#results .picture")?.closest(".tile");
    if (!tile || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.defaultPrevented) return;
    event.preventDefault();
    open(tile.dataset.imageId);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key !== " " || event.defaultPrevented || !event.target.matches("#results .tile .picture")) return;
    event.preventDefault();
    open(event.target.closest(".tile").dataset.imageId);
  });

  function followAddress() {
    const id = idInAddress();
    if (id && id !== shown) show(id);
    else if (!id && quickLook.open) hide();
  }
  window.addEventListener("popstate", followAddress);
  followAddress();
})();
