// A page that stays open does not mislead: whatever carries data-renew is looked at again every half minute, and when
// somebody comes back to it. The server answers 304 where nothing changed (the mark is what the page has).
import { changing } from "./moving.js";
import { layAll } from "./timeline.js";

/** Put the renewed part in the place of what was there; focus, scrolling and what was unfolded stay. */
export function renew(html) {
  const part = document.querySelector("[data-renew]");
  const focused = part.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const scrolled = part.querySelector(".scroller")?.scrollLeft ?? 0;
  const unfolded = [...part.querySelectorAll("details")].map(({ open }) => open);
  part.outerHTML = html;
  layAll();
  const fresh = document.querySelector("[data-renew]");
  const folds = [...fresh.querySelectorAll("details")];
  if (folds.length === unfolded.length) folds.forEach((fold, index) => (fold.open = unfolded[index]));
  if (fresh.querySelector(".scroller")) fresh.querySelector(".scroller").scrollLeft = scrolled;
  if (focused) fresh.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
}

const busy = () => changing() || document.querySelector(".dragging");

async function look() {
  const part = document.querySelector("[data-renew]");
  if (!part || document.hidden || busy()) return;
  const headers = { "HX-Request": "true", "If-None-Match": `"${part.dataset.renew}"` };
  try {
    const answer = await fetch(location.href, { headers });
    if (answer.headers.has("HX-Redirect")) return location.assign(answer.headers.get("HX-Redirect")); // signed out
    const html = answer.status === 200 && !answer.redirected && (await answer.text());
    if (html && part.isConnected && !busy()) renew(html);
  } catch {
    // No connection: it is tried again in half a minute, and whoever acts meanwhile is told.
  }
}

setInterval(look, 30000);
document.addEventListener("visibilitychange", look);
