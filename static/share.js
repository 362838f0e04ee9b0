// Copying and the phone's share sheet: the two things only the device can do. Without them the text is there to select.
const panel = () =>
  document.querySelector(".tabs > input:checked + label + .tab-panel .copy-text") || document.querySelector(".copy-text");
const text = () =>
  panel() ? [...panel().querySelectorAll("p")].map((p) => p.textContent.trim()).join("\n") : "";

// Web views of chat apps, and plain http in an office, have no clipboard API.
const copy = async (words) => {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(words);
  const area = document.createElement("textarea");
  area.value = words;
  area.setAttribute("readonly", "");
  area.className = "visually-hidden";
  document.body.append(area);
  area.select();
  const done = document.execCommand("copy");
  area.remove();
  if (!done) throw new Error("not copied");
};

document.addEventListener("click", async (event) => {
  const button = event.target.closest("[data-copy], [data-copy-text], [data-share]");
  if (!button) return;
  if ("share" in button.dataset) {
    try {
      await navigator.share({ title: button.dataset.title, text: text() });
    } catch {
      // Closed without choosing: nothing to say.
    }
    return;
  }
  const failed = document.querySelector("[data-copy-failed]");
  try {
    await copy(button.dataset.copyText ?? text());
  } catch {
    // Some web views let no page copy: the text is marked, so that one press of a finger takes it.
    if (panel()) getSelection().selectAllChildren(panel());
    if (failed) failed.hidden = false;
    return;
  }
  if (failed) failed.hidden = true;
  const notice = document.querySelector(`[data-copied="${button.dataset.copy}"]`);
  if (notice) notice.hidden = false;
  if (button.dataset.copiedWords) button.textContent = button.dataset.copiedWords;
});

for (const button of document.querySelectorAll("[data-share]")) button.hidden = !navigator.share;
