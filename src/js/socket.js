// The WebSocket of a watch: the platform's, or an application's replacement.

import {
  SOCKET_BAD_FRAME,
  SOCKET_CLOSED,
  SOCKET_DELETED,
  SOCKET_OPENED,
  SOCKET_PUT,
} from "./enums.js";
import { dispatch } from "./listeners.js";
import { readFrame } from "./responses.js";

/** The subprotocols to offer. One contains the credential, which is visible ASCII. */
export function protocols(credential) {
  if (credential === undefined) return ["ironflow.v1"];
  const url = { "+": "-", "/": "_", "=": "" };
  try {
    const encoded = btoa(credential).replace(/[+/=]/g, (character) => url[character]);
    return ["ironflow.v1", `ironflow.auth.bearer.${encoded}`];
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

/** The close code of a lost connection. */
const BROKEN = 1006;

/**
 * Calls the listener with what happens to a socket: with the event of a frame, its revision, and the slot of
 * its key, -1 where it has none; or with a message that says why a frame cannot be used.
 */
function listen(socket, slots, listener) {
  let opened = false;
  const open = () => {
    if (opened) return;
    opened = true;
    dispatch(listener, SOCKET_OPENED, 0);
  };
  socket.onopen = open;
  // Test doubles may call it without an event.
  socket.onclose = (event) => dispatch(listener, SOCKET_CLOSED, event?.code ?? BROKEN);
  // Node 20 reports a failed handshake only by this event. If a close event follows, the socket is no
  // longer connecting. Test doubles may lack a readyState.
  socket.onerror = () => {
    const connecting = (socket.readyState ?? (opened ? undefined : CONNECTING)) === CONNECTING;
    if (connecting) dispatch(listener, SOCKET_CLOSED, BROKEN);
  };
  socket.onmessage = (event) => {
    // A frame may arrive before the open event.
    open();
    const frame = readFrame(event?.data);
    if (typeof frame === "string") dispatch(listener, SOCKET_BAD_FRAME, 0, frame);
    else if (frame) {
      const kind = frame.operation === "put" ? SOCKET_PUT : SOCKET_DELETED;
      dispatch(listener, kind, frame.revision, frame, slots.get(frame.key) ?? -1);
    }
  };
}

/** Opens a socket and listens to it. Throws a message if it cannot. */
export function openSocket(url, offered, slots, listener) {
  const { WebSocket } = globalThis;
  if (typeof WebSocket !== "function") {
    throw "there is no WebSocket here: before Node 22, set globalThis.WebSocket to the one of the package ws";
  }
  try {
    if (offered.problem) throw offered.problem;
    const socket = new WebSocket(url, offered);
    listen(socket, slots, listener);
    return socket;
  } catch (error) {
    throw `a WebSocket cannot be opened: ${error?.message ?? error}`;
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
 */
export function leaveSocket(socket, atOnce) {
  try {
    const later = !atOnce && socket.readyState === CONNECTING;
    socket.onmessage = socket.onerror = socket.onclose = ignore;
    socket.onopen = later ? () => close(socket) : ignore;
    if (!later) close(socket);
  } catch {
    // As above.
  }
}
