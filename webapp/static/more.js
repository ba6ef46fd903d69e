// "More pictures" puts the next page below this one, and the weaker matches come below the line in the same way. The
// history entry knows how many pages were added, so that after Back all of them are there again, and the picture that
// was left has the focus.
"use strict";

// How many were added to the results that are shown.
const listedResults = () => document.querySelector(".listed");
const pagesAdded = () => Number(listedResults()?.dataset.pages ?? 0);

const nextLink = () => document.querySelector("nav.more [rel=next]");
const weakerLink = () => document.querySelector(".fold .unfold");

// The tiles of the next page go on where those of this one end: in the same grid, where no divider is between.
function appendListed(next) {
  const listed = listedResults();
  const nextListed = next.querySelector(".listed");
  const tile = nextListed.querySelector(".tile");
  for (const end of listed.querySelectorAll("nav.more, .fold")) end.remove();
  for (const node of Array.from(nextListed.children)) {
    const last = listed.lastElementChild;
    if (node.matches(".divider") && listed.querySelector(`.divider[data-kind="${node.dataset.kind}"]`)) continue;
    if (node.matches(".grid") && last?.matches(".grid")) last.append(...node.children);
    else listed.append(node);
  }
  listed.querySelector("nav.more [rel=prev]")?.remove();
  return tile;
}

function notePages() {
  history.replaceState({ ...history.state, pages: pagesAdded() }, "");
}

// Adds the page of a link, the next one as a rule, and returns its first tile; null at the end.
async function addPage(link = nextLink()) {
  if (!link) return null;
  link.setAttribute("aria-busy", "true");
  const page = await fetchPage(link.dataset.page ?? link.href);
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
  while (pagesAdded() < wanted && (await addPage(nextLink() ?? weakerLink()))) continue;
  returnToTile();
}

document.addEventListener("click", async (event) => {
  const link = event.target.closest("nav.more [rel=next], .fold .unfold");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const tile = await addPage(link);
  tile?.querySelector(".picture").focus({ preventScroll: true });
});
window.addEventListener("popstate", notePages);
document.addEventListener("pictor:results", notePages);

const arrival = performance.getEntriesByType("navigation")[0]?.type;
if (arrival === "back_forward" || arrival === "reload") returnToPlace();
