// A booking that is being given another time: shown there at once, sent, and put back where it is refused.
// All arithmetic is on the clock of the instrument's wall; the browser's own zone never enters.
import { lost, notice } from "./failures.js";
import { renew } from "./renewing.js";
import { put } from "./timeline.js";

const DAY = 1440;
const later = (at, minutes) => new Date(Date.parse(`${at}Z`) + minutes * 60000).toISOString().slice(0, 16);
const days = (row) => Date.parse(row.dataset.day) / 86400000;
const clock = (minutes) => new Date(minutes * 60000).toISOString().slice(11, 16);

/** The times of its row a stretch runs, as people read them. */
export const words = (s, d) => `${clock(s)}–${s + d === DAY ? "24:00" : clock(s + d)}`;

/** May this be moved by whoever looks at it? */
export const movable = (claim) => claim?.dataset.at !== undefined && !sending();

let change = null;
const sending = () => change?.claim.ariaBusy === "true";
export const changing = () => change;

/** Begin to change a claim; what was begun with another is put back. */
export function begin(claim) {
  if (change?.claim === claim) return change;
  putBack();
  const row = claim.closest("tr");
  const [s, d] = [Number(claim.dataset.s), Number(claim.dataset.d)];
  change = { claim, row, s, d, was: { row, s, d, next: claim.nextSibling } };
  claim.classList.add("moving");
  return change;
}

/** Show it from the minute s, d long, in this row. */
export function shift(s, d, row = change.row) {
  const grid = Number(change.was.row.dataset.grid);
  d = Math.max(d, grid);
  if (row !== change.row) row.querySelector(".tl-lane").append(change.claim);
  Object.assign(change, { s, d, row });
  put(change.claim, s, d);
  say(words(s, d));
}

/** Back to where it was, as if nothing had been. */
export function putBack() {
  if (!change) return;
  const { claim, was } = change;
  const focused = document.activeElement === claim || document.activeElement.closest("#tl-word");
  was.row.querySelector(".tl-lane").insertBefore(claim, was.next);
  put(claim, was.s, was.d);
  claim.classList.remove("moving");
  claim.ariaBusy = null;
  change = null;
  if (focused) claim.focus();
}

const word = () => document.getElementById("tl-word");
export function say(...parts) {
  word().replaceChildren(...parts);
}

function press(text, act, tone = "quiet") {
  const button = document.createElement("button");
  button.type = "button";
  button.className = `button small ${tone}`;
  button.textContent = text;
  button.addEventListener("click", act);
  return button;
}

/** It stays here if the laboratory lets it; a time that must be approved again is asked about first. */
export function drop() {
  if (!change || sending()) return;
  const { claim, was, s, d, row } = change;
  if (s === was.s && d === was.d && row === was.row) return void (putBack(), say());
  claim.focus(); // in another row it has lost it
  const moved = (days(row) - days(was.row)) * DAY + s - was.s;
  const start = later(claim.dataset.at, moved);
  const wish = { starts_at: start, ends_at: later(start, Number(claim.dataset.long) + d - was.d) };
  const { sure, yes, no } = claim.closest("table").dataset;
  if (claim.dataset.asks === undefined) return void send(wish);
  const move = press(yes, () => send(wish), "primary");
  say(sure.replace("{}", words(s, d)), " ", move, " ", press(no, () => (putBack(), say())));
  move.focus();
}

async function send(wish) {
  if (!change || sending()) return; // pressed twice
  const { claim } = change;
  const { at, long, version } = claim.dataset;
  const { moved, undo } = claim.closest("table").dataset;
  claim.ariaBusy = "true";
  // Not randomUUID: a laboratory's own network may have no https.
  const retry_key = crypto.getRandomValues(new Uint32Array(4)).join("-");
  const body = new URLSearchParams({ ...wish, version, retry_key, next: location.pathname + location.search });
  try {
    const answer = await fetch(`${claim.pathname}/move`, { method: "POST", body, headers: { "HX-Request": "true" } });
    if (answer.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect")); // signed out
    if (answer.status >= 500) return void (putBack(), say(), notice(document.body.dataset.failed));
    const told = await answer.text();
    if (!answer.ok) return void (putBack(), say(document.createRange().createContextualFragment(told)));
    const { pathname } = claim;
    change = null;
    renew(told);
    const now = document.querySelector(`a.tl-claim[href="${pathname}"]`);
    now?.focus();
    const times = `${wish.starts_at.slice(11)}–${wish.ends_at.slice(11)}`;
    const back = { starts_at: at, ends_at: later(at, Number(long)) };
    const take = () => (begin(document.querySelector(`a.tl-claim[href="${pathname}"]`)), send(back));
    say(moved.replace("{}", times), ...(now?.dataset.at && claim.dataset.asks === undefined ? [" ", press(undo, take)] : []));
  } catch {
    putBack();
    say();
    lost();
  }
}

document.addEventListener("keydown", (event) => {
  const { key, code, altKey, shiftKey } = event;
  if (key === "Escape" && change && !sending()) return void (putBack(), say());
  const claim = event.target.closest?.("table.tl.placed a.tl-claim");
  if (!claim) return;
  if (key === "Enter" && change?.claim === claim) {
    event.preventDefault();
    return drop();
  }
  const step = { Comma: -1, Period: 1 }[code];
  if (!step || !altKey || !movable(claim)) return;
  event.preventDefault();
  const { s, d, was } = begin(claim);
  const by = step * Number(was.row.dataset.grid);
  if (shiftKey) shift(s, d + by);
  else shift(Math.min(Math.max(s + by, 0), DAY - d), d);
});
document.addEventListener("focusout", ({ target }) => {
  // Whoever walks away from it has not sent it; the question about it is part of it.
  setTimeout(() => {
    const here = document.activeElement;
    const still = here === target || here.closest("#tl-word") || target.ariaBusy === "true";
    if (change?.claim === target && !still && !document.querySelector(".dragging")) putBack();
  });
});
