// What the platform tells: frames, the passing of time, the page and the network around it.

import { now } from "./clock.js";
import { tell } from "./listeners.js";
import { readFrame } from "./values.js";

/** The subprotocols to offer. The credential, of visible ASCII characters, is one of them. */
export function protocols(credential) {
  if (credential === undefined) return ["ironflow.v1"];
  const url = { "+": "-", "/": "_", "=": "" };
  const encoded = btoa(credential).replace(/[+/=]/g, (character) => url[character]);
  return ["ironflow.v1", `ironflow.auth.bearer.${encoded}`];
}

/** The most keys whose places are known at a time. */
const MOST_PLACES = 16_384;

/** Where a feed keeps keys. */
class Places extends Map {
  add({ key }, place) {
    if (this.size === MOST_PLACES) this.clear();
    this.set(key, place);
  }
}

export function newPlaces() {
  return new Places();
}

// What happens to a socket, in numbers that Rust knows too (`watch::socket::Happening`).
const OPENED = 0;
const CLOSED = 1;
const BAD_FRAME = 2;
const PUT = 3;
const DELETED = 4;

/**
 * Tells of what happens to a socket. The text of a frame stays here; the listener hears the event, its
 * revision, and above the kind, in eights, one more than the place of its key, 0 where it has none; or the
 * words that say why it cannot be used.
 */
export function listenToSocket(socket, places, listener) {
  socket.onopen = () => tell(listener, OPENED, 0);
  socket.onclose = ({ code }) => tell(listener, CLOSED, code);
  // Node 20 tells of a failed handshake so, and of nothing after it; where a close follows, the socket
  // is no longer connecting.
  socket.onerror = () => {
    if (socket.readyState === 0) tell(listener, CLOSED, 1006);
  };
  socket.onmessage = ({ data }) => {
    const frame = readFrame(data);
    if (typeof frame === "string") tell(listener, BAD_FRAME, 0, frame);
    else if (frame) {
      const kind = frame.operation === "put" ? PUT : DELETED;
      const place = places.get(frame.key) ?? -1;
      tell(listener, kind + 8 * (place + 1), frame.revision, frame);
    }
  };
}

/**
 * Hears of a socket no more, and closes it: at once, or, if it is still being connected, when it is.
 * Before, a browser would complain in the console of what is nobody's fault.
 */
export function leaveSocket(socket, atOnce) {
  socket.onmessage = socket.onerror = socket.onclose = null;
  const later = !atOnce && socket.readyState === 0;
  socket.onopen = later ? () => socket.close() : null;
  if (!later) socket.close();
}

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
