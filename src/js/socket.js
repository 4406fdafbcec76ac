// The WebSocket of a watch: the platform's, or an application's replacement.

import { noteEvent } from "./stack.js";

/** The subprotocols to offer. One contains the credential, which is visible ASCII. */
export function protocols(credential) {
  if (credential === undefined) return ["ironflow.v1", "ironflow.v2"];
  const url = { "+": "-", "/": "_", "=": "" };
  try {
    const encoded = btoa(credential).replace(/[+/=]/g, (character) => url[character]);
    return ["ironflow.v1", "ironflow.v2", `ironflow.auth.bearer.${encoded}`];
  } catch (problem) {
    // `openSocket` throws it, where it can be reported.
    return Object.assign([], { problem });
  }
}

/** The maximum number of keys whose slots are kept. */
const MAX_SLOTS = 16_384;

/** The slots of keys in a feed. */
class KeySlots extends Map {
  add({ key }, slot) {
    if (this.size === MAX_SLOTS) this.clear();
    this.set(key, slot);
  }
}

export function newKeySlots() {
  return new KeySlots();
}

const CONNECTING = 0;
const OPEN = 1;

/** The close code of a lost connection. */
const BROKEN = 1006;

/** The subprotocol of version 2. */
const VERSION_2 = "ironflow.v2";

/**
 * Opens a socket and calls the handlers with what happens to it: `opened` once, with whether the server speaks
 * version 2; `closed` with a close code; `message` with the data of a frame. Throws a message if it cannot.
 */
export function openSocket(url, offered, { opened, closed, message }) {
  const { WebSocket } = globalThis;
  if (typeof WebSocket !== "function") {
    throw "there is no WebSocket here: before Node 22, set globalThis.WebSocket to the one of the package ws";
  }
  try {
    if (offered.problem) throw offered.problem;
    const socket = new WebSocket(url, offered);
    let isOpen = false;
    const open = () => {
      if (isOpen) return;
      isOpen = true;
      opened(socket.protocol === VERSION_2);
    };
    socket.onopen = open;
    // Test doubles may call it without an event.
    socket.onclose = (event) => closed(event?.code ?? BROKEN);
    // Node 20 reports a failed handshake only by this event. If a close event follows, the socket is no
    // longer connecting. Test doubles may lack a readyState.
    socket.onerror = () => {
      const connecting = (socket.readyState ?? (isOpen ? undefined : CONNECTING)) === CONNECTING;
      if (connecting) closed(BROKEN);
    };
    socket.onmessage = (event) => {
      // A frame may arrive before the open event.
      open();
      noteEvent(event);
      message(event?.data);
      noteEvent();
    };
    return socket;
  } catch (error) {
    throw `a WebSocket cannot be opened: ${error?.message ?? error}`;
  }
}

/** Sends a frame. On a socket that is closing it is lost. */
export function send(socket, frame) {
  try {
    // A browser would log an error. The close event may come later, on a page that was frozen.
    if (!(socket.readyState > OPEN)) socket.send(JSON.stringify(frame));
  } catch {
    // The close event follows.
  }
}

function ignore() {}

function close(socket) {
  try {
    socket.close();
  } catch {
    // Ignore a test double that cannot be closed.
  }
}

/**
 * Stops listening to a socket and closes it: at once, or, if it is still connecting, when it is open.
 * Before, a browser would log an error that is none. The handlers stay, without effect: the package ws
 * throws an error that has no handler, and doubles call handlers without looking whether there is one.
 * Returns whether it is still connecting.
 */
export function leaveSocket(socket, atOnce) {
  try {
    const later = !atOnce && socket.readyState === CONNECTING;
    socket.onmessage = socket.onerror = socket.onclose = ignore;
    socket.onopen = later ? () => close(socket) : ignore;
    if (!later) close(socket);
    return later;
  } catch {
    // As above.
  }
}
