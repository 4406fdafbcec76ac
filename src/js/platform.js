// What the platform tells: frames, the passing of time, the page and the network around it.

import { readFrame } from "./values.js";

/**
 * A listener for a socket's messages. The text of a frame stays here; `tell` hears the event and what
 * the feed decides on, or the words that say why it cannot be used.
 */
export function frameListener(tell) {
  return ({ data }) => {
    const frame = readFrame(data);
    if (typeof frame === "string") tell(frame, "", 0, false);
    else if (frame) tell(frame, frame.key, frame.revision, frame.operation === "delete");
  };
}

/** Closes a socket that is being connected, as soon as it is. */
export function closeWhenOpen(socket) {
  socket.onopen = () => socket.close();
}

export function startTimer(callback, milliseconds) {
  return setTimeout(callback, milliseconds);
}

export function stopTimer(timer) {
  clearTimeout(timer);
}

const ONLINE = 0;
const HIDDEN = 1;
const VISIBLE = 2;

/** Listens to the page, where there is one. Gives the function that ends it. */
export function listenToPage(tell) {
  const { document } = globalThis;
  const now = () => Date.now();
  let hiddenSince = document?.visibilityState === "hidden" ? now() : undefined;
  const online = () => tell(ONLINE, 0);
  const visibility = () => {
    if (document.visibilityState === "hidden") {
      hiddenSince ??= now();
      tell(HIDDEN, 0);
    } else {
      const hidden = hiddenSince === undefined ? 0 : now() - hiddenSince;
      hiddenSince = undefined;
      tell(VISIBLE, hidden);
    }
  };
  globalThis.addEventListener?.("online", online);
  document?.addEventListener("visibilitychange", visibility);
  return () => {
    globalThis.removeEventListener?.("online", online);
    document?.removeEventListener("visibilitychange", visibility);
  };
}
