import WebSocket from "ws";

/**
 * @typedef {import("./rules.mjs").Refusal} Refusal
 * @typedef {import("./rules.mjs").Rules} Rules
 */

/** What is forwarded of a connection that ended without a close code. */
const NO_CODES = [1005, 1006, 1015];

/** The frame that refuses a subscription. @param {number} id @param {Refusal} refusal */
export const refuseFrame = (id, { status, retryAfter }) => ({
  ...{ type: "refused", id, status, error: "refused by the gateway" },
  ...{ retryable: status !== 403, retry_after: retryAfter },
});

/** One watch through the gateway: a socket to the client, and one to the server. */
export class Conversation {
  /** The patterns of version 1. @type {string[]} */
  patterns = [];
  onEnd = () => {};
  isAuthenticated;
  /** The subscriptions of version 2. @type {Map<number, string[]>} */
  #subscriptions = new Map();
  /** Those that the server still knows, and the client does not. @type {Set<number>} */
  #left = new Set();
  /** @type {WebSocket | undefined} */
  #client;
  #server;
  #rules;
  /** @type {number | undefined} */
  #closing;
  #hasEnded = false;

  /**
   * @param {string} url of the server
   * @param {string[]} offered subprotocols
   * @param {Rules} rules
   * @param {(protocol: string, ready: (client: WebSocket) => void) => void} accept the client
   */
  constructor(url, offered, rules, accept) {
    this.#rules = rules;
    this.isAuthenticated = offered.some((name) => name.startsWith("ironflow.auth."));
    const names = offered.filter((name) => name !== "" && !name.startsWith("ironflow.auth."));
    this.#server = new WebSocket(url, names, { perMessageDeflate: false });
    this.#server.on("open", () => {
      if (!this.#hasEnded) accept(this.#server.protocol, (client) => this.#begin(client));
    });
    this.#server.on("message", (data) => this.#fromServer(String(data)));
    this.#server.on("close", (code) => this.#end(code));
    this.#server.on("error", () => this.#end(1006));
  }

  /** Whether the client was accepted. */
  get isOpen() {
    return this.#client !== undefined;
  }

  /** Every pattern that is watched. */
  get watched() {
    return [...this.patterns, ...[...this.#subscriptions.values()].flat()];
  }

  /** The subscriptions of version 2 to a pattern. @param {string} pattern */
  subscriptionsTo(pattern) {
    return [...this.#subscriptions].filter(([, keys]) => keys.includes(pattern)).map(([id]) => id);
  }

  /** Ends a subscription that the server has accepted. @param {ReturnType<typeof refuseFrame>} frame */
  refuse(frame) {
    this.#subscriptions.delete(frame.id);
    this.#left.add(frame.id);
    this.#server.send(JSON.stringify({ type: "unsubscribe", id: frame.id }));
    this.#client?.send(JSON.stringify(frame));
  }

  /** Closes the client's socket with this code, as soon as it is open. @param {number} code */
  closeWith(code) {
    this.#closing = code;
    if (this.#client) this.#end(code);
  }

  /** Ends it without a close code. */
  terminate() {
    this.#end(1006);
  }

  /** @param {WebSocket} client */
  #begin(client) {
    this.#client = client;
    client.on("error", () => {});
    client.on("close", () => this.#end(1006));
    client.on("message", (data) => this.#fromClient(String(data)));
    if (this.#closing) this.#end(this.#closing);
  }

  /** @param {string} data */
  #fromServer(data) {
    if (this.#client?.readyState !== WebSocket.OPEN) return;
    const { id } = this.#left.size > 0 ? JSON.parse(data) : { id: undefined };
    if (!this.#left.has(id)) this.#client.send(data);
  }

  /** @param {string} data */
  #fromClient(data) {
    const frame = JSON.parse(data);
    if (frame.type === "subscribe") {
      const refusal = this.#rules.refusal(frame.keys);
      if (refusal) {
        this.#client?.send(JSON.stringify(refuseFrame(frame.id, refusal)));
        return;
      }
      this.#subscriptions.set(frame.id, frame.keys);
    } else if (frame.type === "unsubscribe") this.#subscriptions.delete(frame.id);
    if (this.#server.readyState === WebSocket.OPEN) this.#server.send(data);
  }

  /** @param {number} code */
  #end(code) {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.#server.terminate();
    if (NO_CODES.includes(code)) this.#client?.terminate();
    else this.#client?.close(code);
    this.onEnd();
  }
}
