// What is done with selected pictures: something is said of all of them, which can be taken back, or they are exported.
"use strict";

(() => {
  const { bar } = selection;
  if (!bar) return;
  const status = bar.querySelector(".said-so");
  const split = (text) => text.split(";").map((value) => value.trim()).filter(Boolean);

  function readEdit() {
    const fields = Object.fromEntries(Array.from(bar.querySelectorAll("[data-edit]"), (field) => [field.dataset.edit, field.value]));
    const edit = { tags: { add: split(fields.tag), remove: split(fields.untag) }, labels: { add: split(fields.label) }, people: { add: split(fields.person) } };
    return fields.rating ? { ...edit, rating: Number(fields.rating) } : edit;
  }

  async function send(method, address, body) {
    const headers = { "Content-Type": "application/json" };
    try {
      const answer = await fetch(address, { method, headers, body: body && JSON.stringify(body) });
      return { isFine: answer.ok, ...(await answer.json()) };
    } catch {
      return { isFine: false, detail: gettext("The server does not answer.") };
    }
  }

  function offerUndo(edit) {
    const undo = Object.assign(document.createElement("button"), { type: "button", className: "button", textContent: gettext("Undo") });
    undo.addEventListener("click", async () => {
      const taken = await send("DELETE", `${bar.dataset.edits}/${edit.id}`);
      status.textContent = taken.isFine ? ngettext("Taken back from %(num)s picture.", "Taken back from %(num)s pictures.", taken.images) : taken.detail;
      bar.querySelector("[data-select=edit]")?.focus();
    });
    status.append(" ", undo);
  }

  async function sayOfAll() {
    status.textContent = "…";
    const which = selection.isAll ? { q: selection.results().dataset.line } : { images: Array.from(selection.ids, Number) };
    const edit = await send("POST", bar.dataset.edits, { ...readEdit(), ...which });
    if (!edit.isFine) return void (status.textContent = edit.detail);
    status.textContent = edit.id ? ngettext("%(num)s changed.", "%(num)s changed.", edit.images) : gettext("Nothing changed: it was said already.");
    if (edit.id) offerUndo(edit);
    for (const field of bar.querySelectorAll("[data-edit]")) field.value = "";
  }

  bar.querySelector("[data-select=edit]")?.addEventListener("click", sayOfAll);
  bar.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !event.target.matches("[data-edit]")) return;
    event.preventDefault(); // it would export
    sayOfAll();
  });
  bar.addEventListener("formdata", (event) => event.formData.set("ids", Array.from(selection.ids).join()));
  bar.addEventListener("submit", (event) => {
    if (!selection.isAll) return;
    event.preventDefault();
    const asked = new URLSearchParams({ q: selection.results().dataset.line, format: bar.elements.format.value });
    location.assign(`${bar.dataset.export}?${asked}`);
  });
})();
