/**
 * The page's plug. While it is pulled, the page's requests fail and its sockets close, as if the cable
 * were out; a worker has a network of its own and goes on. The client looks `fetch` and `WebSocket` up
 * whenever it needs them, so standing in for them is enough.
 */

const { fetch, WebSocket } = globalThis;

/** @type {Set<WebSocket>} */
const sockets = new Set();
/** Aborted while the plug is pulled. */
let cable = new AbortController();

export const isPulled = () => cable.signal.aborted;

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
  try {
    return await fetch(request, { signal: AbortSignal.any([request.signal, signal]) });
  } catch (error) {
    // What Chromium says when there is no network.
    if (signal.aborted && !request.signal.aborted) throw new TypeError("Failed to fetch");
    throw error;
  }
};

/** A socket that gets nowhere. */
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
    socket.addEventListener("close", () => sockets.delete(socket));
    return socket;
  },
});
