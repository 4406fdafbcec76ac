/**
 * Simulates a network cable that can be unplugged. While it is unplugged, the page's requests fail and its sockets
 * close; a worker's network is not affected. The client looks up `fetch` and `WebSocket` on each use, so replacing
 * them is enough.
 */

const { fetch, WebSocket } = globalThis;

/** @type {Set<WebSocket>} */
const sockets = new Set();
/** The subprotocol of the last socket that opened. */
let protocol = "";
/** Aborted while the plug is pulled. */
let cable = new AbortController();

/** How many lists and reads of keys were sent, and how many frames of watches came. */
export const traffic = { requests: 0, frames: 0 };

export const isPulled = () => cable.signal.aborted;

/** The version of the watch that the server speaks: 1 where it names none. */
export const watchVersion = () => (protocol === "ironflow.v2" ? 2 : 1);

export function pullPlug() {
  cable.abort();
  for (const socket of sockets) socket.close();
  dispatchEvent(new Event("offline"));
}

export function plugIn() {
  cable = new AbortController();
  dispatchEvent(new Event("online"));
}

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const { signal } = cable;
  if (!signal.aborted && request.method === "GET" && /\/keys\b/.test(request.url)) {
    traffic.requests += 1;
  }
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, signal]) });
  } catch (error) {
    // Chromium's error if there is no network.
    if (signal.aborted && !request.signal.aborted) throw new TypeError("Failed to fetch");
    throw error;
  }
};

/** A socket that fails to connect. */
class DeadSocket extends EventTarget {
  /** @type {number} */
  readyState = WebSocket.CONNECTING;
  /** @type {((event: CloseEvent) => void) | null} */
  onclose = null;

  constructor() {
    super();
    setTimeout(() => {
      this.readyState = WebSocket.CLOSED;
      this.onclose?.(new CloseEvent("close", { code: 1006 }));
    });
  }

  close() {}
}

globalThis.WebSocket = new Proxy(WebSocket, {
  /** @param {typeof WebSocket} target @param {ConstructorParameters<typeof WebSocket>} args */
  construct(target, args) {
    if (isPulled()) return new DeadSocket();
    const socket = new target(...args);
    sockets.add(socket);
    socket.addEventListener("open", () => {
      protocol = socket.protocol;
    });
    socket.addEventListener("message", () => {
      traffic.frames += 1;
    });
    socket.addEventListener("close", () => sockets.delete(socket));
    return socket;
  },
});
