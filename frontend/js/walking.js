// The timeline by keyboard: one stop for Tab, and arrows to go about. Moving is in moving.js.

const stops = (row) => [...row.querySelectorAll("th a, a.tl-claim:not(.outside)")];
const middle = (stop) => (stop.dataset.s === undefined ? -1 : Number(stop.dataset.s) + stop.dataset.d / 2);

function go(stop) {
  if (!stop) return;
  for (const other of stop.closest("table").querySelectorAll('a[tabindex="0"]')) other.tabIndex = -1;
  stop.tabIndex = 0;
  stop.focus();
}

/** One link of the table is in the order of Tab, the others are reached from it. */
export function settle(table) {
  table.querySelectorAll("tbody a").forEach((link, index) => (link.tabIndex = index ? -1 : 0));
}

// The stop of the rows above or below that is nearest in time; rows without any are passed over.
function across(stop, step) {
  const rows = [...stop.closest("tbody").rows];
  for (let at = rows.indexOf(stop.closest("tr")) + step; rows[at]; at += step) {
    const found = stops(rows[at]);
    const far = (one) => Math.abs(middle(one) - middle(stop));
    if (found.length) return found.reduce((best, one) => (far(one) < far(best) ? one : best));
  }
}

const ways = {
  ArrowLeft: (stop, row) => row[row.indexOf(stop) - 1],
  ArrowRight: (stop, row) => row[row.indexOf(stop) + 1],
  ArrowUp: (stop) => across(stop, -1),
  ArrowDown: (stop) => across(stop, 1),
  Home: (_stop, row) => row[0],
  End: (_stop, row) => row.at(-1),
};

document.addEventListener("keydown", (event) => {
  const stop = event.target.closest?.("table.tl.placed tbody a");
  if (!stop || !(event.key in ways) || event.altKey || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  go(ways[event.key](stop, stops(stop.closest("tr"))));
});

document.addEventListener("focusin", ({ target }) => {
  if (target.matches?.('table.tl.placed tbody a[tabindex="-1"]')) go(target);
});
