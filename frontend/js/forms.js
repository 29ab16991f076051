// Forms: one submission per press, filters that need no button, and the error summary gets the focus.

// A second press while the first is under way is ignored. The button is not disabled, because a disabled button
// would take its own name and value out of the form.
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post" || form.target) return;
  if (form.ariaBusy === "true") event.preventDefault();
  else form.ariaBusy = "true";
});

// A page that comes back out of the browser's memory is not submitting any more.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll('form[aria-busy="true"]')) form.ariaBusy = null;
});

// <form data-auto>: choosing is enough. Typing waits for Enter or a pause, and dates for a complete value.
let pause;
function submitSoon(form, wait) {
  clearTimeout(pause);
  pause = setTimeout(() => form.isConnected && form.reportValidity() && form.requestSubmit(), wait);
}
document.addEventListener("change", ({ target }) => {
  const form = target.closest?.("form[data-auto]");
  if (form && target.type !== "search" && target.type !== "text") submitSoon(form, target.type === "date" ? 600 : 0);
});

function focusSummary(root) {
  root.querySelector?.(".error-summary")?.focus();
}
focusSummary(document);
document.addEventListener("htmx:after:swap", ({ detail }) => focusSummary(detail.ctx.target ?? document));
