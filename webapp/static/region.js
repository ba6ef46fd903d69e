// A box on the picture of the quick look, and the search for it.
"use strict";

(() => {
  if (!quickLook) return;
  const form = quickLook.querySelector("form.region");
  const box = makeDrawnBox(quickLook.querySelector(".canvas"), lookedAt, form);
  let id = "";

  function toggle(on = form.hidden) {
    form.hidden = !on;
    quickLook.classList.toggle("marking", on);
    quickLook.querySelector('.tools [data-act="region"]').setAttribute("aria-pressed", String(on));
    if (!on) return box.hide();
    box.show();
    return form.querySelector("[type=submit]").focus();
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    location.assign(`${form.dataset.search}?${new URLSearchParams({ q: `image:${id}@${box.sides()}` })}`);
  });
  quickLook.addEventListener("click", (event) => {
    if (event.target.closest("[data-act]")?.dataset.act === "region") toggle();
  });
  quickLook.addEventListener("pictor:look", (event) => { id = event.detail.id; });
  quickLook.addEventListener("pictor:leave", () => toggle(false));
})();
