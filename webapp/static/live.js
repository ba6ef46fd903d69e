// Searches without loading the page anew: links to the search page, its forms, and what is typed. The old results stay,
// greyed, until the new ones are there. Whoever swaps what is shown sends `pictor:results` to the others; a script that
// wants a search sends `pictor:search` with its address.
"use strict";

(() => {
  const main = document.getElementById("main");
  const message = document.getElementById("message");
  const told = document.getElementById("told");
  const isLive = Boolean(document.getElementById("results")); // other pages have less in them: they are left
  const STAYS = ["message", "lightbox", "cropper"]; // in every page of results, and held by scripts
  const MOST = 12; // pages that are kept for Back
  const kept = new Map(); // by the number of their history entry: the nodes that were shown
  let running = null;
  let shown = history.state?.page ?? Date.now(); // the number of the entry that is shown
  let line = document.getElementById("q").value; // what it searches for, whatever is typed meanwhile

  const isSearch = (url) => url.origin === location.origin && url.pathname === document.getElementById("search").getAttribute("action");
  const listShown = () => Array.from(main.childNodes).filter((node) => !STAYS.includes(node.id));
  const listKept = (form) => form.querySelectorAll(":scope > input[type=hidden]");

  // The nodes of a page that belong to one search.
  function takePage(page) {
    const forms = ["search", "upload"].map((id) => Array.from(listKept(page.getElementById(id))));
    const box = page.getElementById("q");
    const nodes = Array.from(page.getElementById("main").childNodes).filter((node) => !STAYS.includes(node.id));
    return { title: page.title, nodes, forms, line: box.value, placeholder: box.placeholder };
  }

  function showPage(page, keepsLine) {
    document.title = page.title;
    for (const node of listShown()) node.remove();
    main.append(...page.nodes);
    ["search", "upload"].forEach((id, index) => {
      const form = document.getElementById(id);
      for (const input of listKept(form)) input.remove();
      form.append(...page.forms[index]);
    });
    const box = document.getElementById("q");
    line = page.line;
    if (!keepsLine) box.value = line;
    box.placeholder = page.placeholder;
  }

  // After the history entry is there, so that others may write into it. `focused`: the image of the tile that had the
  // focus; its new tile has it, unless somebody else took it.
  function announcePage(focused) {
    document.dispatchEvent(new CustomEvent("pictor:results"));
    const tile = document.querySelector(`#results .tile[data-image-id="${focused}"]`);
    if (document.activeElement === document.body) (tile?.querySelector(".picture") ?? main).focus({ preventScroll: true });
    const said = Array.from(main.querySelectorAll("h1, .count"), (part) => part.textContent.replace(/\s+/g, " ").trim());
    told.textContent = said.join(", ");
  }

  function keepPage() {
    kept.set(shown, { ...takePage(document), line, scroll: scrollY });
    if (kept.size > MOST) kept.delete(kept.keys().next().value);
  }

  function replacePage(page, address, { entry, keepsLine }) {
    if (entry !== "same") keepPage();
    const focused = document.activeElement.closest("#results .tile")?.dataset.imageId;
    const number = entry === "push" ? Date.now() : shown;
    showPage(page, keepsLine);
    shown = number;
    if (entry === "push") history.pushState({ page: number }, "", address);
    if (entry === "same") history.replaceState({ ...history.state, page: number }, "", address);
    announcePage(focused);
    if (entry === "push" && !keepsLine && !document.activeElement.closest(".tile")) scrollTo(0, 0);
  }

  // Results that come while somebody looks at one of the old ones are shown when they are done with it.
  async function waitForQuickLook({ signal }) {
    const dialog = document.getElementById("lightbox");
    if (dialog?.open) await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
    signal.throwIfAborted();
  }

  function showWaiting(controller) {
    main.setAttribute("aria-busy", "true");
    message.querySelector("button")?.remove(); // of a search that this one takes the place of
    const cancel = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: gettext("Cancel") });
    cancel.addEventListener("click", () => controller.abort());
    message.append(message.textContent ? "" : gettext("Searching …"), cancel);
  }

  function stopWaiting(timers) {
    timers.forEach(clearTimeout);
    main.removeAttribute("aria-busy");
    message.replaceChildren();
  }

  // The server is gone, or the network: said above the old results, which stay.
  function showLost(retry) {
    const lost = document.getElementById("lost").content.cloneNode(true).firstElementChild;
    lost.dataset.why = navigator.onLine ? "server" : "network";
    lost.querySelector("button").addEventListener("click", retry);
    main.querySelector(".lost")?.remove();
    message.after(lost);
    main.classList.add("stale");
  }

  // `entry`: push a history entry, or let the search be the same one as before. `quiet`: a line that is still being
  // typed may not be one yet. Gives how long it took in milliseconds, or null
  // where nothing new is shown.
  async function search(address, { entry = "push", quiet = false, body } = {}) {
    if (!isLive && !body) return void location.assign(address);
    running?.abort();
    const controller = (running = new AbortController());
    const timers = [setTimeout(() => main.setAttribute("aria-busy", "true"), 120), setTimeout(showWaiting, 700, controller)];
    const begun = performance.now();
    try {
      const options = { signal: controller.signal, headers: { Accept: "text/html" }, ...(body && { method: "POST", body }) };
      const answer = await fetch(address, options);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!page.getElementById("main")) throw new TypeError("no page");
      if (!isLive) return void location.assign(answer.url);
      main.classList.remove("stale");
      if (quiet && !answer.ok) return null;
      const milliseconds = performance.now() - begun;
      await waitForQuickLook(controller);
      replacePage(takePage(page), answer.url, { entry, keepsLine: quiet });
      return milliseconds;
    } catch (error) {
      if (error.name !== "AbortError") showLost(() => search(address, { entry, body }));
      return null;
    } finally {
      if (running === controller) stopWaiting(timers);
      else timers.forEach(clearTimeout);
    }
  }

  document.addEventListener("click", (event) => {
    const link = event.target.closest("#main a[href]");
    if (!isLive || event.defaultPrevented || !link || link.target || link.closest("dialog") || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    if (!isSearch(new URL(link.href)) || link.matches("nav.more a, .unfold")) return;
    event.preventDefault();
    search(link.href);
  });

  document.addEventListener("pictor:search", (event) => search(event.detail.address, event.detail).then(event.detail.done));

  addEventListener("popstate", (event) => {
    const number = event.state?.page;
    if (number === undefined || number === shown) return; // others lead to their own entries
    running?.abort();
    keepPage();
    const page = kept.get(number);
    shown = number;
    if (!page) return void (isSearch(location) ? search(location.href, { entry: "same" }) : location.reload());
    showPage(page, false);
    announcePage();
    scrollTo(0, page.scroll);
    if (typeof returnToTile === "function") returnToTile();
  });

  history.replaceState({ ...history.state, page: shown }, "");
})();
