/** @typedef {import("./context.js").Context} Context */

/**
 * Until the next socket delivers what is written: it is open, and on version 2 of the wire a subscription is live. At
 * once where the store is in memory.
 *
 * @param {Context} t
 */
export function socketOpened(t) {
  if (!t.onServer) return undefined;
  const { WebSocket } = globalThis;
  return new Promise((resolve) => {
    const construct = (/** @type {typeof WebSocket} */ target, /** @type {unknown[]} */ args) => {
      const socket = Reflect.construct(target, args);
      socket.addEventListener("open", () => {
        if (socket.protocol !== "ironflow.v2") resolve(undefined);
      });
      socket.addEventListener("message", (/** @type {MessageEvent} */ { data }) => {
        if (JSON.parse(data).type === "synced") resolve(undefined);
      });
      return socket;
    };
    t.stub("WebSocket", new Proxy(WebSocket, { construct }));
  });
}
