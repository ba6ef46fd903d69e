// Pages of this server, of which other scripts take a part.
"use strict";

// The page at an address as a document; null where the server does not answer, or the visitor left meanwhile.
async function fetchPage(address) {
  try {
    const answer = await fetch(address);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    page.isFine = answer.ok;
    return page;
  } catch {
    return null;
  }
}
