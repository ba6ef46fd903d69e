// After a verdict the focus stays at its place in the list, on the picture that moved up into it: where the page
// stays, and where it is loaded anew.
"use strict";

(() => {
  const PLACE = "pictor.place";

  document.addEventListener("click", (event) => {
    const tile = event.target.closest("[data-steer]")?.closest(".tile");
    if (tile) sessionStorage.setItem(PLACE, Array.from(document.querySelectorAll(".tile")).indexOf(tile));
  }, true);

  function returnToPlace() {
    const place = sessionStorage.getItem(PLACE);
    if (place === null) return;
    sessionStorage.removeItem(PLACE);
    const pictures = document.querySelectorAll(".tile .picture");
    pictures[Math.min(place, pictures.length - 1)]?.focus({ preventScroll: true });
  }

  document.addEventListener("pictor:results", returnToPlace);
  returnToPlace();
})();
