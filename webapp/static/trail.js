// The steps of a search, to go back along. Each history entry knows its own steps, so Back and Forward show them
// as they were; a page that is reached by a link goes on from those of the page before it.
"use strict";

(() => {
  const MOST = 8;
  const LAST = "pictor.trail"; // in this tab: the steps of the page that was shown last
  const here = () => location.pathname + location.search;

  function readLast() {
    try {
      return JSON.parse(sessionStorage.getItem(LAST)) ?? [];
    } catch {
      return [];
    }
  }

  // The steps up to this one; an address that is among them already ends them there.
  function stepsUpTo(name) {
    if (!name) return [];
    const earlier = history.state?.trail?.slice(0, -1) ?? readLast();
    const known = earlier.findIndex((step) => step.address === here());
    return [...(known < 0 ? earlier : earlier.slice(0, known)), { name, address: here() }].slice(-MOST);
  }

  function linkTo(step) {
    const link = document.createElement("a");
    link.href = step.address;
    link.textContent = step.name;
    return link;
  }

  function markCurrent(step) {
    const name = document.createElement("span");
    name.textContent = step.name;
    name.setAttribute("aria-current", "step");
    return name;
  }

  function showSteps() {
    const trail = document.getElementById("trail");
    if (!trail) return;
    const steps = stepsUpTo(trail.dataset.step);
    history.replaceState({ ...history.state, trail: steps }, "");
    sessionStorage.setItem(LAST, JSON.stringify(steps));
    trail.hidden = steps.length < 2;
    trail.replaceChildren(...steps.map((step, index) => (index === steps.length - 1 ? markCurrent(step) : linkTo(step))));
  }

  document.addEventListener("pictor:results", showSteps);
  window.addEventListener("pageshow", showSteps);
})();
