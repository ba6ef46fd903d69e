// "Why" opens the quick look with the reasons at the top of its panel; they are fetched when they are asked for.
"use strict";

(() => {
  if (!quickLook) return;
  const button = quickLook.querySelector('[data-act="why"]');
  const panel = quickLook.querySelector(".panel");
  let isWanted = false;

  const tileOf = (id) => document.querySelector(`#results .tile[data-image-id="${id}"]`);

  async function showReasons(id) {
    const page = await fetchPage(tileOf(id).querySelector(".why-link").href);
    const reasons = page?.getElementById("why");
    if (!isWanted || id !== look.shown) return;
    panel.querySelector(".why")?.remove();
    if (reasons) panel.prepend(reasons);
    else panel.prepend(page?.querySelector("main").textContent.trim() ?? gettext("The server does not answer."));
    panel.scrollTop = 0;
  }

  function want(on) {
    isWanted = on;
    button.setAttribute("aria-pressed", String(on));
    panel.querySelector(".why")?.remove();
  }

  button.addEventListener("click", () => {
    want(!isWanted);
    if (isWanted) showReasons(look.shown);
  });
  document.addEventListener("click", (event) => {
    const tile = event.target.closest("#results .why-link")?.closest(".tile");
    if (!tile || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    want(true);
    tile.querySelector(".picture").click();
  });
  quickLook.addEventListener("pictor:look", (event) => {
    button.hidden = !tileOf(event.detail.id)?.querySelector(".why-link");
    if (isWanted && !button.hidden) showReasons(event.detail.id);
  });
  quickLook.addEventListener("close", () => want(false));
})();
