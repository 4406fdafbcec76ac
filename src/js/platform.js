// Events of the platform around a client: timers, the page, the network.

import { now } from "./clock.js";
import { tell } from "./listeners.js";

export function startTimer(listener, milliseconds) {
  return setTimeout(tell, milliseconds, listener, 0, 0);
}

export function stopTimer(timer) {
  clearTimeout(timer);
}

const ONLINE = 0;
const HIDDEN = 1;
const VISIBLE = 2;

/** Listens to the page, where there is one, until `leavePage` is given what this gives. */
export function listenToPage(listener) {
  const { document } = globalThis;
  let hiddenSince = document?.visibilityState === "hidden" ? now() : undefined;
  const online = () => tell(listener, ONLINE, 0);
  const visibility = () => {
    if (document.visibilityState === "hidden") {
      hiddenSince ??= now();
      tell(listener, HIDDEN, 0);
    } else {
      const hidden = hiddenSince === undefined ? 0 : now() - hiddenSince;
      hiddenSince = undefined;
      tell(listener, VISIBLE, hidden);
    }
  };
  globalThis.addEventListener?.("online", online);
  document?.addEventListener("visibilitychange", visibility);
  return { online, visibility };
}

export function leavePage({ online, visibility }) {
  globalThis.removeEventListener?.("online", online);
  globalThis.document?.removeEventListener("visibilitychange", visibility);
}
