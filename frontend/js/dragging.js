// The timeline by mouse, pen and finger: over free time to ask for it, a booking to move it, its ends to change its
// length. A finger has to rest first, for else it scrolls.
import { begin, changing, drop, movable, putBack, say, shift, words } from "./moving.js";
import { minute, put } from "./timeline.js";

const REST = 350; // ms until a finger drags
const EDGE = 48; // px from the border in which the table scrolls by itself
const HOLD = 8; // px of a booking's end by which its length is changed
let drag = null;
let dropped = false; // just now: the click that follows is none

const snap = (minutes, grid) => Math.round(minutes / grid) * grid;
const laneUnder = (x, y) => document.elementFromPoint(x, y)?.closest?.(".tl-lane");

function start({ target, clientX }) {
  const claim = target.closest("a.tl-claim");
  const lane = target.closest("table.tl.placed .tl-lane");
  if (!lane || changing() || !matchMedia("(width >= 46rem)").matches) return null; // narrower, they are lists
  const at = minute(lane, clientX);
  if (movable(claim)) {
    const box = claim.getBoundingClientRect();
    const handle = box.right - clientX < HOLD ? "end" : clientX - box.left < HOLD ? "start" : "all";
    return { kind: handle, claim, lane, at };
  }
  const row = lane.closest("tr");
  if (claim || !row.dataset.ask || target.closest(".busy, .maintenance, .outage, .offer")) return null;
  return { kind: "ask", lane, row, at: Math.floor(at / row.dataset.grid) * row.dataset.grid };
}

function take() {
  if (!drag.lane.isConnected) return end(); // the page renewed itself meanwhile
  drag.on = true;
  document.body.classList.add("dragging");
  if (drag.kind !== "ask") return void begin(drag.claim);
  drag.ghost = document.createElement("span");
  drag.ghost.className = "tl-claim picked";
  drag.lane.append(drag.ghost);
  reach(drag.at + Number(drag.row.dataset.grid));
}

// Of free time: from where it began to here.
function reach(minutes) {
  const grid = Number(drag.row.dataset.grid);
  const here = minutes < drag.at ? Math.floor(minutes / grid) * grid : Math.ceil(minutes / grid) * grid;
  drag.s = Math.max(Math.min(drag.at, here), 0);
  drag.d = Math.min(Math.max(drag.at, here, drag.at + grid), 1440) - drag.s;
  put(drag.ghost, drag.s, drag.d);
  drag.ghost.textContent = words(drag.s, drag.d);
  say(drag.ghost.textContent);
}

function follow({ clientX, clientY }) {
  Object.assign(drag, { x: clientX, y: clientY });
  const at = minute(drag.lane, clientX);
  if (drag.kind === "ask") return reach(at);
  const { was } = changing();
  const grid = Number(was.row.dataset.grid);
  const by = snap(at - drag.at, grid);
  if (drag.kind === "end") return shift(was.s, Math.min(was.d + by, 1440 - was.s));
  if (drag.kind === "start") {
    const cut = Math.min(Math.max(by, -was.s), was.d - grid);
    return shift(was.s + cut, was.d - cut);
  }
  const under = laneUnder(clientX, clientY)?.closest("tr");
  const row = under?.dataset.code === was.row.dataset.code ? under : changing().row;
  shift(Math.min(Math.max(was.s + by, 0), Math.max(1440 - was.d, 0)), was.d, row);
}

// Near the borders the table, and the page, come along.
function scroll() {
  if (!drag?.on) return;
  const scroller = drag.lane.closest(".scroller");
  const box = scroller.getBoundingClientRect();
  const push = (at, from, to) => (at < from + EDGE ? -8 : at > to - EDGE ? 8 : 0);
  const [x, y] = [push(drag.x, box.left, box.right), push(drag.y, 0, innerHeight)];
  if (x) scroller.scrollLeft += x;
  if (y && drag.kind === "all") scrollBy(0, y);
  if (x || y) follow({ clientX: drag.x, clientY: drag.y });
  requestAnimationFrame(scroll);
}

function end() {
  clearTimeout(drag?.rest);
  drag?.ghost?.remove();
  document.body.classList.remove("dragging");
  drag = null;
}

document.addEventListener("pointerdown", (event) => {
  if (event.button || !event.isPrimary) return;
  drag = start(event);
  if (!drag) return;
  Object.assign(drag, { x: event.clientX, y: event.clientY, from: [event.clientX, event.clientY] });
  if (event.pointerType !== "mouse") drag.rest = setTimeout(() => (take(), requestAnimationFrame(scroll)), REST);
});

document.addEventListener("pointermove", (event) => {
  if (!drag || !event.isPrimary) return;
  const far = Math.hypot(event.clientX - drag.from[0], event.clientY - drag.from[1]) > 4;
  if (!drag.on && far) {
    if (drag.rest) return end(); // the finger scrolls
    take();
    requestAnimationFrame(scroll);
  }
  if (drag.on) follow(event);
});

document.addEventListener("pointerup", ({ isPrimary }) => {
  if (!isPrimary) return;
  if (!drag?.on) return end();
  const { kind, row, s, d } = drag;
  end();
  dropped = true;
  setTimeout(() => (dropped = false), 50);
  if (kind !== "ask") return void drop();
  const at = (minutes) => new Date(Date.parse(row.dataset.day) + minutes * 60000).toISOString().slice(0, 16);
  location.assign(`${row.dataset.ask}&${new URLSearchParams({ starts_at: at(s), ends_at: at(s + d) })}#ask`);
});

document.addEventListener("pointercancel", () => {
  if (drag?.on) putBack();
  end();
});
document.addEventListener("keydown", ({ key }) => key === "Escape" && end());
// A link is dragged by the browser, and followed after a drag, unless it is told not to.
document.addEventListener("dragstart", (event) => event.target.closest?.("table.tl") && event.preventDefault());
document.addEventListener("click", (event) => dropped && event.target.closest?.("table.tl") && event.preventDefault());
document.addEventListener("touchmove", (event) => drag?.on && event.preventDefault(), { passive: false });
document.addEventListener("contextmenu", (event) => drag?.on && event.preventDefault());
