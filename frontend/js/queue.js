// The queue by keyboard: j and k walk through the requests, x chooses one, a and r lead to yes and no, o opens it.
// Nothing is sent by a letter: a puts the focus on the button, and Enter presses it. And one box that ticks all.

const requests = () => [...document.querySelectorAll("[data-queue] > .request")];
const typing = (target) => target.closest("input:not([type=checkbox], [type=radio]), textarea, select, [contenteditable]");

function walk(by) {
  const all = requests();
  const here = all.indexOf(document.activeElement.closest(".request"));
  const next = all[here < 0 ? (by > 0 ? 0 : all.length - 1) : here + by];
  next?.focus();
  next?.scrollIntoView({ block: "nearest" });
}

function open(request) {
  const details = request.querySelector("details.more");
  details.open = true;
  return details;
}

const acts = {
  j: () => walk(1),
  k: () => walk(-1),
  x: (request) => request.querySelector("input[name=chosen]").click(),
  a: (request) => (request.querySelector(".quick button") ?? open(request).querySelector(".form .button.primary")).focus(),
  r: (request) => open(request).querySelector("input[name=reason]").focus(),
  o: (request) => request.querySelector("[data-open]").click(),
};

document.addEventListener("keydown", (event) => {
  const { key, target } = event;
  if (!(key in acts) || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (!document.querySelector("[data-queue]") || typing(target)) return;
  const request = target.closest(".request");
  if (!request && key !== "j" && key !== "k") return;
  event.preventDefault();
  acts[key](request);
});

function ready(root) {
  for (const hint of root.querySelectorAll("[data-keys]")) hint.hidden = false;
  for (const label of root.querySelectorAll("[data-choose-all][hidden]")) {
    label.hidden = false;
    label.querySelector("input").addEventListener("change", ({ target }) => {
      for (const box of document.querySelectorAll("[data-queue] input[name=chosen]")) box.checked = target.checked;
    });
  }
}
ready(document);
document.addEventListener("htmx:after:swap", () => ready(document));
