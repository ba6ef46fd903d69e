// Suggestions below the box, as a combobox: recent searches, which this browser keeps, and how the line may go on.
"use strict";

(() => {
  const MOST = 30; // recent searches that are kept, and how many are shown
  const SHOWN = 6;
  const RECENT = `pictor.recent.${document.documentElement.dataset.library}`;
  const KINDS = { label: gettext("shows"), search: gettext("saved"), key: gettext("key"), value: "", word: "", recent: gettext("recent") };
  const box = document.getElementById("q");
  const list = document.getElementById("completions");
  let active = -1;
  let asked = 0;

  box.setAttribute("role", "combobox");
  for (const [name, value] of Object.entries({ autocomplete: "list", controls: list.id, expanded: "false", haspopup: "listbox" })) {
    box.setAttribute(`aria-${name}`, value);
  }

  function readRecent() {
    try {
      return JSON.parse(localStorage.getItem(RECENT)) ?? [];
    } catch {
      return [];
    }
  }

  function keepRecent(lines) {
    try {
      localStorage.setItem(RECENT, JSON.stringify(lines.slice(0, MOST)));
    } catch {
      // some visitors allow no storage
    }
  }

  const element = (name, className, text = "") => Object.assign(document.createElement(name), { className, textContent: text });

  function makeOption({ text, line, count, kind }, index) {
    const option = element("li", "completion");
    Object.assign(option, { id: `completion-${index}`, role: "option" });
    Object.assign(option.dataset, { line, kind });
    option.setAttribute("aria-selected", "false");
    option.append(element("span", "what", text), element("small", "hint", count === null ? KINDS[kind] : `${KINDS[kind]} ${formatNumber(count)}`.trim()));
    if (kind === "recent") {
      const remove = element("span", "forget", "×");
      remove.title = gettext("Forget this search");
      option.append(remove);
      option.setAttribute("aria-description", gettext("Delete forgets this search"));
    }
    return option;
  }

  function show(found) {
    active = -1;
    list.replaceChildren(...found.map(makeOption));
    list.hidden = !found.length;
    box.setAttribute("aria-expanded", String(!list.hidden));
    box.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    const options = Array.from(list.children);
    active = (index + options.length + 1) % (options.length + 1); // behind the last option is the box itself
    options.forEach((option, place) => option.setAttribute("aria-selected", String(place === active)));
    const option = options[active];
    if (!option) return box.removeAttribute("aria-activedescendant");
    box.setAttribute("aria-activedescendant", option.id);
    return option.scrollIntoView({ block: "nearest" });
  }

  // A key wants a value behind it; anything else can be searched for.
  function take(option) {
    box.value = option.dataset.line;
    show([]);
    box.focus();
    if (option.dataset.kind === "key") suggest();
    else box.form.requestSubmit();
  }

  function forget(option) {
    keepRecent(readRecent().filter((line) => line !== option.dataset.line));
    suggest();
  }

  const listRecent = (start, most) =>
    readRecent()
      .filter((line) => line !== box.value && line.toLowerCase().startsWith(start.toLowerCase()))
      .slice(0, most)
      .map((line) => ({ text: line, line, count: null, kind: "recent" }));

  // A newer letter makes an older answer useless.
  async function suggest() {
    const number = ++asked;
    const line = box.value;
    if (!line.trim()) return show(listRecent("", SHOWN));
    await new Promise((resolve) => setTimeout(resolve, 100));
    if (number !== asked || box.selectionStart !== line.length) return;
    const answer = await fetch(`${box.dataset.completions}?${new URLSearchParams({ q: line })}`).catch(() => null);
    if (!answer?.ok || number !== asked) return;
    const found = (await answer.json()).filter((completion) => completion.line !== line);
    if (number === asked && document.activeElement === box) show([...listRecent(line, 2), ...found]);
  }

  const keys = {
    ArrowDown: () => (list.hidden ? suggest() : choose(active + 1)),
    ArrowUp: () => choose(active - 1),
    Enter: () => take(list.children[active]),
    Tab: () => show([]),
    Delete: () => forget(list.children[active]),
    Escape: () => (list.hidden ? box.blur() : show([])), // browsers would empty the box, which loses what was typed
  };

  box.addEventListener("keydown", (event) => {
    const option = list.children[active];
    if (!keys[event.key] || event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && !option) return;
    if (event.key === "Delete" && option?.dataset.kind !== "recent") return;
    if (event.key !== "Tab") event.preventDefault();
    keys[event.key]();
  });
  box.addEventListener("input", suggest);
  box.addEventListener("click", () => list.hidden && !box.value && suggest());
  box.addEventListener("blur", () => [asked++, show([])]);
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
  list.addEventListener("click", (event) => {
    const option = event.target.closest("[role=option]");
    if (option) (event.target.closest(".forget") ? forget : take)(option);
  });

  document.addEventListener("pictor:asked", (event) => {
    asked += 1;
    show([]);
    const line = event.detail.line.trim();
    if (line) keepRecent([line, ...readRecent().filter((other) => other !== line)]);
  });
})();
