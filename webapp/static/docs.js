"use strict";
// Sends the example of an operation, as its form has it, and shows the answer.

(() => {
  function addressOf(form) {
    let path = form.dataset.path;
    const query = new URLSearchParams();
    for (const field of form.querySelectorAll("[data-in=path]")) {
      path = path.replace(`{${field.name}}`, encodeURIComponent(field.value));
    }
    for (const field of form.querySelectorAll("[data-in=query]")) {
      const values = field.dataset.many ? field.value.split(/\s+/) : [field.value];
      for (const value of values) if (value) query.append(field.name, value);
    }
    return query.size ? `${path}?${query}` : path;
  }

  function requestOf(form) {
    const request = { method: form.dataset.method.toUpperCase(), headers: { Accept: "application/json" } };
    const body = form.querySelector("[data-in=body]");
    const file = form.querySelector("[data-in=file]");
    if (body) {
      request.body = body.value || "{}";
      request.headers["Content-Type"] = "application/json";
    } else if (file) {
      request.body = new FormData();
      if (file.files.length) request.body.append(file.name, file.files[0]);
    }
    return request;
  }

  async function textOf(answer) {
    const type = answer.headers.get("Content-Type") || "";
    if (!type.includes("json")) return type ? `${type}, ${(await answer.blob()).size} B` : "";
    return JSON.stringify(await answer.json(), null, 2);
  }

  async function send(form) {
    const [place, address] = [form.nextElementSibling, addressOf(form)];
    const [line, text] = [place.querySelector("p"), place.querySelector("pre")];
    place.hidden = false;
    line.textContent = `${form.dataset.method.toUpperCase()} ${address} …`;
    text.textContent = "";
    try {
      const answer = await fetch(address, requestOf(form));
      line.textContent = `${form.dataset.method.toUpperCase()} ${address} → ${answer.status}`;
      text.textContent = await textOf(answer);
    } catch (error) {
      line.textContent = `${address}: ${error.message}`;
    }
  }

  document.addEventListener("submit", (event) => {
    if (!event.target.matches(".operation form")) return;
    event.preventDefault();
    send(event.target);
  });

  const chosen = location.hash && document.getElementById(location.hash.slice(1));
  if (chosen && chosen.matches("details")) chosen.open = true;
})();
