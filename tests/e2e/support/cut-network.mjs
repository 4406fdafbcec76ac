import { afterEach, beforeEach } from "node:test";
import WebSocket from "ws";

/**
 * Real sockets and requests in every test of a file, which are noted, and sockets that can be cut off.
 *
 * @param {(url: string, init: RequestInit) => Promise<Response>} [request] sends a request, by default as it is
 */
export function cutNetwork(request) {
  const original = { fetch: globalThis.fetch, WebSocket: globalThis.WebSocket };
  const network = {
    /** The sockets that were opened. @type {WebSocket[]} */
    sockets: [],
    /** How many requests were sent. */
    requests: 0,
    /** How many had been when the last socket was opened. */
    requestsBefore: 0,
    /** Whether sockets go to a port on which no server listens. */
    isCut: false,
    fetch: original.fetch,
  };
  beforeEach(() => {
    Object.assign(network, { sockets: [], requests: 0, requestsBefore: 0, isCut: false });
    globalThis.WebSocket = /** @type {any} */ (
      class extends WebSocket {
        /** @param {string} url @param {string[]} protocols */
        constructor(url, protocols) {
          super(network.isCut ? url.replace(/:\d+/, ":1") : url, protocols);
          network.sockets.push(this);
          network.requestsBefore = network.requests;
        }
      }
    );
    globalThis.fetch = /** @type {any} */ (
      (/** @type {string} */ url, /** @type {RequestInit} */ init) => {
        network.requests += 1;
        return (request ?? original.fetch)(url, init);
      }
    );
  });
  afterEach(() => {
    Object.assign(globalThis, original);
  });
  return network;
}

/** Waits for something to be so. @param {() => unknown} holds */
export async function until(holds) {
  while (!holds()) await new Promise((next) => setTimeout(next, 5));
}
