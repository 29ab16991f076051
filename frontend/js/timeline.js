// Lays out <table class="tl">: the server says minutes (data-s from the row's midnight, data-d long), this file turns
// them into --s and --d, shares of the shown day, and into lanes where claims of one row overlap. timeline.css does the
// rest on wide screens; on phones, on paper and without this file the same cells read as lists.
// Through el.style, because the content security policy forbids style="".

function place(element, from, span) {
  const start = Math.max(Number(element.dataset.s), from);
  const end = Math.min(Number(element.dataset.s) + Number(element.dataset.d ?? 0), from + span);
  element.style.setProperty("--s", (start - from) / span);
  element.style.setProperty("--d", Math.max(end - start, 0) / span);
  if (element.dataset.d && end <= start) element.classList.add("outside");
}

// First lane that is free when the claim starts; claims come sorted or not.
function stack(cell) {
  const claims = [...cell.querySelectorAll(".tl-claim:not(.outside, .buffer, .closed)")];
  const ends = [];
  claims.sort((a, b) => a.dataset.s - b.dataset.s);
  for (const claim of claims) {
    const start = Number(claim.dataset.s);
    let lane = ends.findIndex((end) => end <= start);
    if (lane < 0) lane = ends.length;
    ends[lane] = start + Number(claim.dataset.d);
    claim.style.setProperty("--lane", lane);
  }
  cell.style.setProperty("--lanes", Math.max(ends.length, 1));
}

function lay(table) {
  const from = Number(table.dataset.from ?? 0);
  const span = Number(table.dataset.to ?? 1440) - from;
  table.style.setProperty("--hours", span / 60);
  for (const element of table.querySelectorAll("[data-s]")) place(element, from, span);
  for (const cell of table.querySelectorAll(".tl-lane")) stack(cell);
  table.classList.add("placed");
}

function layAll(root) {
  for (const table of root.querySelectorAll("table.tl:not(.placed)")) lay(table);
}

layAll(document);
document.addEventListener("htmx:after:swap", () => layAll(document));
