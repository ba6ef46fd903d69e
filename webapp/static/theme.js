// Light, dark, or as the system says: remembered, and set before anything is painted, so this script is not deferred.
// It stands behind the style sheet and chooses whether its rules for dark systems hold; so these are written once.
"use strict";

(() => {
  const THEME = "pictor.theme";
  const DARK = "(prefers-color-scheme: dark)";
  const MEDIA = { light: "not all", dark: "all", system: DARK };
  const darkRules = Array.from(document.styleSheets)
    .flatMap((sheet) => Array.from(sheet.cssRules))
    .filter((rule) => rule instanceof CSSMediaRule && rule.media.mediaText === DARK);

  function recallTheme() {
    try {
      return localStorage.getItem(THEME) in MEDIA ? localStorage.getItem(THEME) : "system";
    } catch {
      return "system"; // some visitors allow no storage
    }
  }

  function showTheme(theme) {
    for (const rule of darkRules) rule.media.mediaText = MEDIA[theme];
    document.documentElement.style.colorScheme = theme === "system" ? "" : theme;
  }

  showTheme(recallTheme());
  document.documentElement.dataset.scripts = "yes"; // what only scripts can do is shown from the first frame on

  // Rows are not painted before they are whole, or their pictures would move while the page comes in.
  document.addEventListener("readystatechange", () => { document.documentElement.dataset.parsed = "yes"; });
  document.addEventListener("DOMContentLoaded", () => {
    document.getElementById("theme").value = recallTheme();
  });
  document.addEventListener("change", (event) => {
    if (event.target.id !== "theme") return;
    try {
      localStorage.setItem(THEME, event.target.value);
    } finally {
      showTheme(event.target.value);
      document.dispatchEvent(new CustomEvent("pictor:theme"));
    }
  });
})();
