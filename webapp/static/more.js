// "More pictures" puts the next page below this one. The history entry knows how many pages were added, so that after
// Back all of them are there again, and the picture that was left has the focus.
"use strict";

const pagesAdded = () => history.state?.pages ?? 0;
const parsePage = (text) => new DOMParser().parseFromString(text, "text/html");

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

async function addPage() {
  const link = document.querySelector("nav.more [rel=next]");
  if (!link) return null;
  link.setAttribute("aria-busy", "true");
  const answer = await fetch(link.href).catch(() => null);
  if (!answer?.ok) {
    location.assign(link.href); // the page says what is wrong
    return null;
  }
  const next = parsePage(await answer.text());
  const tile = appendListed(next);
  document.dispatchEvent(new CustomEvent("pictor:tiles"));
  return tile;
}

document.addEventListener("click", async (event) => {
  if (!event.target.closest("nav.more [rel=next]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  history.replaceState({ ...history.state, pages: pagesAdded() + 1 }, "");
  const tile = await addPage();
  tile?.querySelector(".picture").focus({ preventScroll: true });
});

async function returnToPlace() {
  for (let page = 0; page < pagesAdded(); page += 1) await addPage();
  returnToTile();
}

if (performance.getEntriesByType("navigation")[0]?.type === "back_forward") returnToPlace();
