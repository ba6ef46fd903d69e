// The picture of the quick look beside the picture that was searched by, or one over the other.
"use strict";

(() => {
  if (!quickLook) return;
  const form = quickLook.querySelector("form.comparing");
  const button = quickLook.querySelector('[data-act="compare"]');
  const canvas = quickLook.querySelector(".canvas");
  const query = document.createElement("img");
  query.className = "query";
  query.alt = gettext("The picture that was searched by");
  query.draggable = false;

  const queryAddress = () => document.getElementById("results")?.dataset.queryPicture;

  function showWay() {
    const isOver = !form.hidden && form.elements.way.value === "over";
    canvas.classList.toggle("beside", !form.hidden && !isOver);
    canvas.classList.toggle("over", isOver);
    form.querySelector(".mix").hidden = !isOver;
    lookedAt.style.opacity = isOver ? form.elements.mix.value / 100 : "";
  }

  function toggle(on = form.hidden) {
    form.hidden = !on;
    button.setAttribute("aria-pressed", String(on));
    if (on) {
      query.src = queryAddress();
      canvas.prepend(query);
    } else query.remove();
    showWay();
  }

  button.addEventListener("click", () => toggle());
  form.addEventListener("input", showWay);
  quickLook.addEventListener("pictor:look", () => { button.hidden = !queryAddress(); });
  quickLook.addEventListener("pictor:leave", (event) => { if (!quickLook.open || !queryAddress()) toggle(false); });
})();
