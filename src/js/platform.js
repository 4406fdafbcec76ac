// Platform events: timers, page visibility, the network.

import { now } from "./clock.js";
import { attempt } from "./exchange.js";
import { dispatch } from "./listeners.js";

// None of these functions throws, even if an application replaces the platform's functions.

export function startTimer(listener, milliseconds) {
  try {
    return setTimeout(dispatch, milliseconds, listener, 0, 0);
  } catch {
    // Fall back to another timer of the platform.
    const fired = () => dispatch(listener, 0, 0);
    attempt(() => AbortSignal.timeout(Math.ceil(milliseconds)).addEventListener("abort", fired));
    return undefined;
  }
}

export function stopTimer(timer) {
  attempt(() => clearTimeout(timer));
}

const ONLINE = 0;
const HIDDEN = 1;
const VISIBLE = 2;

/** Listens to page events, if there is a page. Pass the result to `leavePage` to stop. */
export function listenToPage(listener) {
  const { document } = globalThis;
  let hiddenSince;
  attempt(() => {
    if (document?.visibilityState === "hidden") hiddenSince = now();
  });
  const online = () => dispatch(listener, ONLINE, 0);
  const visibility = () => {
    if (document.visibilityState === "hidden") {
      hiddenSince ??= now();
      dispatch(listener, HIDDEN, 0);
    } else {
      const hidden = hiddenSince === undefined ? 0 : now() - hiddenSince;
      hiddenSince = undefined;
      dispatch(listener, VISIBLE, hidden);
    }
  };
  attempt(() => globalThis.addEventListener?.("online", online));
  attempt(() => document?.addEventListener("visibilitychange", visibility));
  return { online, visibility };
}

export function leavePage({ online, visibility }) {
  attempt(() => globalThis.removeEventListener?.("online", online));
  attempt(() => globalThis.document?.removeEventListener("visibilitychange", visibility));
}
