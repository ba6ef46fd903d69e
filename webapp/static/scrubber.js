// The years beside the months: drag along them to pass through the whole time, and see where the page stands.
"use strict";

const scrubber = document.querySelector(".scrubber");
const stops = scrubber ? Array.from(scrubber.querySelectorAll("a")) : [];
const placeOf = (stop) => document.getElementById(stop.hash.slice(1));

function markYear() {
  const passed = stops.filter((stop) => placeOf(stop).getBoundingClientRect().top < innerHeight / 3);
  for (const stop of stops) stop.removeAttribute("aria-current");
  (passed.at(-1) ?? stops[0])?.setAttribute("aria-current", "true");
}

function goTo(height) {
  const box = (stop) => stop.getBoundingClientRect();
  const stop = stops.find((each) => box(each).bottom >= height) ?? stops.at(-1);
  placeOf(stop)?.scrollIntoView({ behavior: "instant", block: "start" });
}

scrubber?.addEventListener("pointerdown", (event) => {
  if (event.button !== 0) return;
  scrubber.setPointerCapture(event.pointerId);
  event.preventDefault();
  goTo(event.clientY);
});
scrubber?.addEventListener("pointermove", (event) => {
  if (scrubber.hasPointerCapture(event.pointerId)) goTo(event.clientY);
});
scrubber?.addEventListener("click", (event) => {
  if (event.detail) event.preventDefault(); // the pointer went there already; Enter follows the link
});

document.addEventListener("scroll", markYear, { passive: true });
if (stops.length) markYear();
