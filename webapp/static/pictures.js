// Pictures to search by: chosen, dropped or pasted anywhere, as a file, as an address, or as a picture of the results.
"use strict";

(() => {
  const RESULT = "application/x-pictor-image"; // the id of a picture that is dragged from the results
  const box = document.getElementById("q");
  const upload = document.getElementById("upload");
  const picture = document.getElementById("picture");
  const drop = document.getElementById("drop");
  const message = document.getElementById("message");

  function showMessage(text, source) {
    message.replaceChildren();
    if (source) {
      const image = document.createElement("img");
      image.src = source;
      image.alt = "";
      message.append(image);
    }
    message.append(text);
  }

  function sendPicture() {
    const file = picture.files[0];
    if (!file) return;
    const limit = Number(picture.dataset.mostBytes);
    if (file.size > limit) {
      showMessage(gettext("%(name)s has %(size)s MB; the limit is %(limit)s MB.", { name: file.name, size: formatNumber(Math.ceil(file.size / 1e6)), limit: formatNumber(limit / 1e6) }));
      upload.reset();
      return;
    }
    showMessage(gettext("Looking for pictures like this one …"), URL.createObjectURL(file));
    carryValue("q", box.value); // even words that were not searched for yet
    upload.requestSubmit();
  }

  function carryValue(name, value) {
    let input = upload.elements.namedItem(name);
    if (!input) {
      input = Object.assign(document.createElement("input"), { type: "hidden", name });
      upload.append(input);
    }
    input.value = value;
  }

  function takePicture(files) {
    const file = Array.from(files).find((item) => item.type.startsWith("image/"));
    if (!file) return showMessage(gettext("That is not a picture."));
    const chosen = new DataTransfer();
    chosen.items.add(file);
    picture.files = chosen.files;
    return sendPicture();
  }

  function searchAlso(id) {
    const address = new URL(location.href);
    for (const name of ["offset", "cursor"]) address.searchParams.delete(name);
    address.searchParams.append("image", id);
    document.dispatchEvent(new CustomEvent("pictor:search", { detail: { address: address.href } }));
  }

  const carries = (event, type) => Array.from(event.dataTransfer?.types ?? []).includes(type);
  const isWanted = (event) => carries(event, RESULT) || carries(event, "Files");

  picture.addEventListener("change", sendPicture);

  document.addEventListener("dragstart", (event) => {
    const tile = event.target.closest?.(".tile");
    if (tile) event.dataTransfer.setData(RESULT, tile.dataset.imageId);
  });
  document.addEventListener("dragover", (event) => {
    if (!isWanted(event)) return;
    event.preventDefault();
    drop.hidden = carries(event, RESULT) && !event.target.closest(".top"); // results are dropped at the box
  });
  document.addEventListener("dragleave", (event) => {
    if (!event.relatedTarget) drop.hidden = true;
  });
  document.addEventListener("dragend", () => (drop.hidden = true));
  document.addEventListener("drop", (event) => {
    drop.hidden = true;
    if (!isWanted(event)) return;
    event.preventDefault();
    if (!carries(event, RESULT)) takePicture(event.dataTransfer.files);
    else if (event.target.closest(".top")) searchAlso(event.dataTransfer.getData(RESULT));
  });

  // The server fetches a picture for whoever pastes its address, where its owner lets it.
  document.addEventListener("paste", (event) => {
    const text = event.clipboardData.getData("text").trim();
    if (event.clipboardData.files.length) return takePicture(event.clipboardData.files);
    if (!upload.dataset.fetches || !/^https?:\/\/\S+$/.test(text) || (event.target.matches("input, textarea") && event.target !== box)) return;
    event.preventDefault();
    showMessage(gettext("Fetching %(address)s …", { address: text }));
    const body = new FormData();
    for (const [name, value] of new FormData(upload)) if (typeof value === "string" && name !== "q") body.append(name, value);
    body.append("q", box.value);
    body.append("url", text);
    document.dispatchEvent(new CustomEvent("pictor:search", { detail: { address: upload.action, body } }));
  });

  // After the Back button, the last upload must not look as if it were still being sent.
  addEventListener("pageshow", () => {
    message.replaceChildren();
    upload.reset();
  });
})();
