// The sliders of "Similar in what way" search at once; the panel stays open, and the focus on its slider.
"use strict";

document.addEventListener("change", (event) => {
  const slider = event.target.closest("#emphasis input[type=range]");
  if (!slider) return;
  const { form, id } = slider;
  const done = () => {
    const panel = document.querySelector(".emphasis");
    if (!panel) return;
    panel.open = true;
    document.getElementById(id)?.focus({ preventScroll: true });
  };
  const address = `${form.getAttribute("action")}?${new URLSearchParams(new FormData(form))}`;
  document.dispatchEvent(new CustomEvent("pictor:search", { detail: { address, done } }));
});
