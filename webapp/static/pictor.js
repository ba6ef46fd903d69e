// Adds what HTML alone cannot do: drop or paste a picture anywhere, show the chosen picture, "/" for the search box,
// and completions of what is typed there.
"use strict";

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
    showMessage(`${file.name} has ${Math.ceil(file.size / 1e6)} MB; the limit is ${limit / 1e6} MB.`);
    upload.reset();
    return;
  }
  showMessage("Looking for pictures like this one …", URL.createObjectURL(file));
  carryWords();
  upload.requestSubmit();
}

// The words in the box are sent with the picture, even those that were not searched for yet.
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

function takePicture(files) {
  const file = Array.from(files).find((item) => item.type.startsWith("image/"));
  if (!file) return showMessage("That is not a picture.");
  const chosen = new DataTransfer();
  chosen.items.add(file);
  picture.files = chosen.files;
  return sendPicture();
}

const carriesFiles = (event) => Array.from(event.dataTransfer?.types ?? []).includes("Files");

picture.addEventListener("change", sendPicture);

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
  takePicture(event.dataTransfer.files);
});
document.addEventListener("paste", (event) => {
  if (event.clipboardData.files.length) takePicture(event.clipboardData.files);
});

document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input, textarea, select");
  if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
  event.preventDefault();
  box.focus();
  box.select();
});

// Browsers empty a search box on Escape; here it only leaves it, so that nothing typed is lost.
box.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  event.preventDefault();
  box.blur();
});

// The library's words and values that go on from what is typed; a newer letter makes an older answer useless.
const completions = document.getElementById("completions");
let typed = 0;

async function completeLine() {
  const number = ++typed;
  await new Promise((resolve) => setTimeout(resolve, 120));
  if (number !== typed || box.selectionStart !== box.value.length) return;
  const answer = await fetch(`${box.dataset.completions}?${new URLSearchParams({ q: box.value })}`);
  if (!answer.ok || number !== typed) return;
  completions.replaceChildren(...(await answer.json()).map(({ line, count }) => {
    const option = document.createElement("option");
    option.value = line;
    if (count !== null) option.label = `${line} (${count})`;
    return option;
  }));
  box.setAttribute("list", completions.id); // not before: without completions it is a plain search box
}

box.addEventListener("input", completeLine);

// The usual order needs no mention: the address stays as short as what was asked.
const order = document.getElementById("sort");
document.getElementById("search").addEventListener("submit", () => {
  if (order) order.disabled = order.value === "relevance";
});

// After the Back button, the last upload must not look as if it were still being sent.
window.addEventListener("pageshow", () => {
  message.replaceChildren();
  upload.reset();
  if (order) order.disabled = false;
});
