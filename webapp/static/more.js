// "More pictures" puts the next page below this one. The history entry knows how many pages were added, so that after
// Back all of them are there again, and the picture that was left has the focus.
"use strict";

// How many were added to the results that are shown.
const listedResults = () => document.querySelector(".listed");
const pagesAdded = () => Number(listedResults()?.dataset.pages ?? 0);

// The tiles of the next page go on where those of this one end: also into the same grid, where no divider is between.
function appendListed(next) {
  const listed = document.querySelector(".listed");
  const grids = listed.querySelectorAll(".grid");
  const nextListed = next.querySelector(".listed");
  const divides = nextListed.querySelector(".divider");
  const seen = divides && listed.querySelector(".divider");
  listed.querySelector("nav.more").remove();
  const first = nextListed.querySelector(".grid");
  const tile = nextListed.querySelector(".tile");
  grids[grids.length - 1].append(...first.children);
  first.remove();
  if (seen) {
    divides.remove();
    for (const grid of nextListed.querySelectorAll(".grid")) grids[grids.length - 1].append(...grid.children);
  }
  listed.append(...nextListed.children);
  listed.querySelector("nav.more [rel=prev]")?.remove();
  return tile;
}

function notePages() {
  history.replaceState({ ...history.state, pages: pagesAdded() }, "");
}

// Adds the next page and returns its first tile; null at the end.
async function addPage() {
  const link = document.querySelector("nav.more [rel=next]");
  if (!link) return null;
  link.setAttribute("aria-busy", "true");
  const page = await fetchPage(link.href);
  if (!page?.isFine) {
    location.assign(link.href); // the page says what is wrong
    return null;
  }
  const tile = appendListed(page);
  listedResults().dataset.pages = pagesAdded() + 1;
  notePages();
  document.dispatchEvent(new CustomEvent("pictor:tiles"));
  return tile;
}

async function returnToPlace() {
  const wanted = history.state?.pages ?? 0;
  while (pagesAdded() < wanted && (await addPage())) continue;
  returnToTile();
}

document.addEventListener("click", async (event) => {
  if (!event.target.closest("nav.more [rel=next]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const tile = await addPage();
  tile?.querySelector(".picture").focus({ preventScroll: true });
});
window.addEventListener("popstate", notePages);
document.addEventListener("pictor:results", notePages);

const arrival = performance.getEntriesByType("navigation")[0]?.type;
if (arrival === "back_forward" || arrival === "reload") returnToPlace();
