// Adds what HTML alone cannot do: drop or paste a picture anywhere, see what was chosen, "/" for the search box.
"use strict";

const box = document.getElementById("q");
const upload = document.getElementById("upload");
const picture = document.getElementById("picture");
const drop = document.getElementById("drop");
const said = document.getElementById("said");

function say(text, source) {
  said.replaceChildren();
  if (source) {
    const image = document.createElement("img");
    image.src = source;
    image.alt = "";
    said.append(image);
  }
  said.append(text);
}

function send() {
  const file = picture.files[0];
  if (!file) return;
  const most = Number(picture.dataset.mostBytes);
  if (file.size > most) {
    say(`${file.name} has ${Math.ceil(file.size / 1e6)} MB; the limit is ${most / 1e6} MB.`);
    upload.reset();
    return;
  }
  say("Looking for pictures like this one …", URL.createObjectURL(file));
  carryWords();
  upload.requestSubmit();
}

// The words that stand in the box now go along, whether they were searched for yet or not.
function carryWords() {
  let words = upload.elements.namedItem("q");
  if (!words) {
    words = document.createElement("input");
    words.type = "hidden";
    words.name = "q";
    upload.append(words);
  }
  words.value = box.value;
}

function take(files) {
  const file = Array.from(files).find((each) => each.type.startsWith("image/"));
  if (!file) return say("That is not a picture.");
  const chosen = new DataTransfer();
  chosen.items.add(file);
  picture.files = chosen.files;
  return send();
}

const carriesFiles = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");

picture.addEventListener("change", send);

document.addEventListener("dragover", (event) => {
  if (!carriesFiles(event)) return;
  event.preventDefault();
  drop.hidden = false;
});
document.addEventListener("dragleave", (event) => {
  if (!event.relatedTarget) drop.hidden = true;
});
document.addEventListener("drop", (event) => {
  drop.hidden = true;
  if (!carriesFiles(event)) return;
  event.preventDefault();
  take(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) take(event.clipboardData.files);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Coming back with the Back button must not show the last upload as if it were under way.
window.addEventListener("pageshow", () => {
  said.replaceChildren();
  upload.reset();
});
