// While an indexing run is at work, its progress on the page of status is kept up to date.
"use strict";

(() => {
  const SECONDS = 2;
  const section = () => document.getElementById("run");
  if (!section()) return;

  async function renewProgress() {
    if (document.hidden) return;
    const answer = await fetch("/status/run").catch(() => null);
    if (!answer?.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const old = section();
    const fresh = page.getElementById("run");
    if (fresh.outerHTML === old.outerHTML || old.contains(document.activeElement)) return;
    old.replaceWith(fresh);
  }

  setInterval(renewProgress, 1000 * SECONDS);
})();
