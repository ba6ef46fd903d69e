// The ways into the quick look, through it and out of it. The address after # names the picture, so that a link and a
// reload show the same, and Back closes it.
"use strict";

(() => {
  if (!quickLook) return;
  const MARK = "#picture=";
  const panel = quickLook.querySelector(".panel");
  const place = quickLook.querySelector(".place");
  const act = (name) => quickLook.querySelector(`[data-act="${name}"]`);
  const idInAddress = () => (location.hash.startsWith(MARK) ? location.hash.slice(MARK.length) : "");

  function open(id) {
    const change = quickLook.open ? "replaceState" : "pushState";
    history[change]({ ...history.state, looks: true, image: id }, "", `${location.pathname}${location.search}${MARK}${id}`);
    look.show(id);
  }

  function close() {
    if (history.state?.looks) history.back(); // popstate closes it
    else {
      history.replaceState(history.state, "", location.pathname + location.search);
      look.hide();
    }
  }

  async function turn(step) {
    const tile = look.neighbourOf(look.shown, step);
    if (!tile) return;
    open(tile.dataset.imageId);
    if (step > 0 && !look.neighbourOf(look.shown, 1) && (await addPage())) act("next").hidden = false;
  }

  const acts = {
    close,
    previous: () => turn(-1),
    next: () => turn(1),
    panel: () => act("panel").setAttribute("aria-pressed", String(quickLook.classList.toggle("alone") === false)),
    async copy() {
      const path = panel.querySelector(".path").textContent;
      await navigator.clipboard.writeText(path).then(() => { place.textContent = gettext("Path copied"); }, () => { place.textContent = path; });
    },
  };
  const keys = { ArrowLeft: "previous", ArrowRight: "next", i: "panel" };

  quickLook.addEventListener("click", (event) => acts[event.target.closest("[data-act]")?.dataset.act]?.());
  quickLook.addEventListener("cancel", (event) => {
    event.preventDefault();
    close();
  });
  // Browsers let a second Escape in a row close a dialog without asking it.
  quickLook.addEventListener("close", () => { if (look.shown) close(); });
  quickLook.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    if (event.target.closest("input, select, textarea")) return;
    if (event.target.closest(".panel") && event.key.startsWith("Arrow")) return;
    if (event.key === " " && event.target === quickLook && !event.repeat) close();
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
    if (event.key !== " " || event.repeat || event.defaultPrevented || !event.target.matches("#results .tile .picture")) return;
    event.preventDefault();
    open(event.target.closest(".tile").dataset.imageId);
  });

  function followAddress() {
    const id = idInAddress();
    if (id && id !== look.shown) look.show(id);
    else if (!id && look.shown) look.hide();
  }
  window.addEventListener("popstate", followAddress);
  followAddress();
})();
