// Platform events: timers, page visibility, the network.

import { now } from "./clock.js";
import { PAGE_HIDDEN, PAGE_OFFLINE, PAGE_ONLINE, PAGE_VISIBLE } from "./enums.js";
import { attempt } from "./exchange.js";
import { dispatch } from "./listeners.js";

// None of these functions throws, even if an application replaces the platform's functions.

/** Calls a function after a delay. Pass the result to `stopTimer` to cancel it. */
export function after(milliseconds, call) {
  try {
    return setTimeout(call, milliseconds);
  } catch {
    // Fall back to another timer of the platform.
    attempt(() => AbortSignal.timeout(Math.ceil(milliseconds)).addEventListener("abort", call));
    return undefined;
  }
}

export function startTimer(listener, milliseconds) {
  return after(milliseconds, () => dispatch(listener, 0, 0));
}

export function stopTimer(timer) {
  attempt(() => clearTimeout(timer));
}

/**
 * Listens to page events, if there is a page. Pass the result to `leavePage` to stop. Dispatches immediately
 * if the page is hidden or offline.
 */
export function listenToPage(listener) {
  const { document, navigator } = globalThis;
  const isHidden = () => document?.visibilityState === "hidden";
  let hiddenSince;
  const online = () => dispatch(listener, PAGE_ONLINE, 0);
  const offline = () => dispatch(listener, PAGE_OFFLINE, 0);
  const visibilitychange = () => {
    if (isHidden()) {
      hiddenSince ??= now();
      dispatch(listener, PAGE_HIDDEN, 0);
    } else {
      const hidden = hiddenSince === undefined ? 0 : now() - hiddenSince;
      hiddenSince = undefined;
      dispatch(listener, PAGE_VISIBLE, hidden);
    }
  };
  // Only some browsers say what kind of network it is. Estimates of its speed change often.
  let type;
  const change = () => {
    const before = type;
    attempt(() => {
      type = navigator.connection.type;
    });
    if (before !== type) online();
  };
  attempt(() => {
    type = navigator.connection?.type;
  });
  const listeners = [
    [globalThis, "online", online],
    [globalThis, "offline", offline],
    [document, "visibilitychange", visibilitychange],
    [navigator?.connection, "change", change],
  ];
  for (const [target, name, callback] of listeners)
    attempt(() => target?.addEventListener?.(name, callback));
  attempt(() => isHidden() && visibilitychange());
  attempt(() => navigator?.onLine === false && offline());
  return listeners;
}

export function leavePage(listeners) {
  for (const [target, name, callback] of listeners)
    attempt(() => target?.removeEventListener?.(name, callback));
}

/** Whether the last request to the server shared its connection with others: HTTP/2 and later. */
export function isMultiplexed(serverUrl) {
  let protocol;
  attempt(() => {
    const requests = performance.getEntriesByType("resource");
    protocol = requests.findLast(({ name }) => name.startsWith(serverUrl))?.nextHopProtocol;
  });
  return /^h[23]/.test(protocol);
}
