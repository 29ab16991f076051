// Lays out <table class="tl">: the server says minutes (data-s from the row's midnight, data-d long), this file turns
// them into --s and --d, shares of the shown day, and into lanes where claims of one row overlap. timeline.css does the
// rest on wide screens; on phones, on paper and without this file the same cells read as lists.
// Through el.style, because the content security policy forbids style="".
import { settle } from "./walking.js";

const shown = (table) => {
  const from = Number(table.dataset.from);
  return { from, span: Number(table.dataset.to) - from };
};

/** Draw it from the minute `s` of its row, `d` minutes long. */
export function put(element, s, d) {
  const { from, span } = shown(element.closest("table"));
  const start = Math.max(s, from);
  const end = Math.min(s + d, from + span);
  element.style.setProperty("--s", (start - from) / span);
  element.style.setProperty("--d", Math.max(end - start, 0) / span);
  return end > start;
}

/** The minute of the row that lies under this x. */
export function minute(lane, x) {
  const { from, span } = shown(lane.closest("table"));
  const box = lane.getBoundingClientRect();
  return from + ((x - box.left) / box.width) * span;
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
  table.style.setProperty("--hours", shown(table).span / 60);
  for (const element of table.querySelectorAll("[data-s]")) {
    const seen = put(element, Number(element.dataset.s), Number(element.dataset.d ?? 0));
    if (element.dataset.d && !seen) element.classList.add("outside");
  }
  for (const cell of table.querySelectorAll(".tl-lane")) stack(cell);
  settle(table);
  table.classList.add("placed");
}

/** Lay out what is new; say what can be done with it, where it can. */
export function layAll() {
  for (const table of document.querySelectorAll("table.tl:not(.placed)")) lay(table);
  for (const help of document.querySelectorAll("[data-tl-help]")) help.hidden = !document.querySelector("[data-ask]");
}

layAll();
document.addEventListener("htmx:after:swap", layAll);
