// A server failure is never swapped into the page (noSwap in layout.html): the page stays, and a notice says so.
// The words come from <body data-…>, so they are translated with the rest.

/** Say it at the top of the page, once. */
export function notice(text) {
  const flashes = document.getElementById("flashes");
  if (!flashes || [...flashes.children].some((shown) => shown.dataset.text === text)) return;
  const line = document.createElement("p");
  line.className = "flash bad";
  line.dataset.text = text;
  line.append(text);
  const close = document.createElement("button");
  close.type = "button";
  close.className = "flash-close";
  close.setAttribute("aria-label", document.body.dataset.close);
  close.textContent = "×";
  close.addEventListener("click", () => line.remove());
  line.append(close);
  flashes.append(line);
}

/** The laboratory did not answer. */
export const lost = () => notice(document.body.dataset.offline);

document.addEventListener("htmx:response:error", ({ detail }) => {
  if (detail.ctx.response.status >= 500) notice(document.body.dataset.failed);
});
document.addEventListener("htmx:error", ({ detail }) => {
  // Without a response the network failed; an error of a script is for the console, not for people.
  if (detail.ctx && !detail.ctx.response) lost();
});
