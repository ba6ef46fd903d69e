// The rail of filters. It is filled from the page of facets when the results are there already; beside them on wide
// screens, behind its button on narrow ones.
"use strict";

const wideScreen = matchMedia("(min-width: 1000px)");
const railIsOpen = () => (wideScreen.matches ? root.dataset.rail !== "closed" : root.dataset.railNarrow === "open");

async function fillRail() {
  const rail = document.getElementById("rail");
  if (!rail || rail.dataset.state || !railIsOpen()) return;
  rail.dataset.state = "waiting";
  const page = await fetchPage(rail.dataset.address);
  if (!page?.isFine) {
    rail.textContent = gettext("The filters could not be loaded.");
    delete rail.dataset.state; // the next opening tries again
    return;
  }
  rail.replaceChildren(page.getElementById("facets"));
  rail.dataset.state = "filled";
}

function toggleRail(button) {
  if (wideScreen.matches) rememberView("rail", railIsOpen() ? "closed" : "open");
  else root.dataset.railNarrow = railIsOpen() ? "closed" : "open";
  button.setAttribute("aria-expanded", railIsOpen());
  fillRail();
}

// The link to the page of facets becomes the button of the rail.
function startRail() {
  const link = document.getElementById("filters");
  if (!link || link.localName === "button") return;
  const button = document.createElement("button");
  Object.assign(button, { id: link.id, className: link.className, type: "button", textContent: link.textContent });
  button.setAttribute("aria-controls", "rail");
  button.setAttribute("aria-expanded", railIsOpen());
  button.addEventListener("click", () => toggleRail(button));
  link.replaceWith(button);
  fillRail();
}

wideScreen.addEventListener("change", () => {
  document.getElementById("filters")?.setAttribute("aria-expanded", railIsOpen());
  fillRail();
});
document.addEventListener("pictor:results", startRail);
startRail();
