/**
 * A small client in plain JavaScript that tests the suite: with `resync` it keeps the guarantees of a watch, without
 * it loses final states.
 *
 * @typedef {object} PlainConfig
 * @property {string} serverUrl
 * @property {boolean} resync after a lost connection
 *
 * @typedef {{ revision: number, isLive: boolean, connection: number }} Known
 */

const RETRY_DELAY = 50;

class PlainWatch {
  #base;
  #resync;
  #callbacks;
  #patterns;
  #initial;
  /** @type {WebSocket[]} */
  #sockets = [];
  /** The number of connections so far. */
  #connection = 0;
  #isReady = false;
  #hasEnded = false;
  /** @type {Map<string, Known>} */
  #known = new Map();

  /**
   * @param {PlainConfig} config @param {string} bucket
   * @param {any} callbacks @param {{ key?: string | string[], initial?: boolean, signal?: AbortSignal }} options
   */
  constructor({ serverUrl, resync }, bucket, callbacks, { key = ">", initial = false, signal }) {
    this.#base = `${serverUrl}/api/v1/kv/buckets/${bucket}`;
    this.#resync = resync;
    this.#callbacks = callbacks;
    this.#patterns = [key].flat();
    this.#initial = initial;
    signal?.addEventListener("abort", () => this.stop(), { once: true });
    this.#connect();
  }

  stop() {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const socket of this.#sockets) socket.close();
    this.#callbacks.onClose();
  }

  #connect() {
    this.#connection += 1;
    const connection = this.#connection;
    let open = 0;
    this.#sockets = this.#patterns.map((pattern) => {
      const url = `${this.#base.replace(/^http/, "ws")}/watch?key=${encodeURIComponent(pattern)}`;
      const socket = new WebSocket(url, ["ironflow.v1"]);
      socket.onopen = () => {
        open += 1;
        if (open === this.#patterns.length) this.#opened(connection);
      };
      socket.onmessage = ({ data }) => {
        if (connection === this.#connection) this.#deliver(JSON.parse(data));
      };
      socket.onclose = () => this.#lost(connection);
      return socket;
    });
  }

  /** @param {number} connection */
  async #lost(connection) {
    if (this.#hasEnded || connection !== this.#connection) return;
    this.#connection += 1;
    for (const socket of this.#sockets) socket.close();
    this.#callbacks.onError({ code: "CONNECTION_LOST", retryable: true });
    const answer = await fetch(this.#base).catch(() => undefined);
    if (this.#hasEnded) return;
    if (answer?.status === 404) {
      this.#callbacks.onError({ code: "HTTP_404", retryable: false });
      this.stop();
    } else setTimeout(() => this.#hasEnded || this.#connect(), RETRY_DELAY);
  }

  /** @param {number} connection */
  async #opened(connection) {
    try {
      if (this.#isReady ? this.#resync : this.#initial) await this.#resyncKeys(connection);
    } catch {
      this.#lost(connection);
    }
    if (this.#isReady || this.#hasEnded || connection !== this.#connection) return;
    this.#isReady = true;
    this.#callbacks.onReady();
  }

  /** @param {number} connection */
  async #resyncKeys(connection) {
    const live = new Set();
    for (const pattern of this.#patterns) {
      const { keys } = await this.#request(`/keys?filter=${encodeURIComponent(pattern)}`);
      for (const key of keys) live.add(key);
    }
    for (const [key, { isLive, revision, connection: last }] of this.#known) {
      if (!isLive || live.has(key) || last === connection) continue;
      this.#emit({ key, revision, operation: "delete", value: "", resynced: true });
    }
    await Promise.all(
      [...live].map(async (key) => {
        const entry = await this.#request(`/keys/${encodeURIComponent(key)}`);
        if (entry && connection === this.#connection) this.#deliver({ ...entry, resynced: true });
      }),
    );
  }

  /** The response's JSON, or `null` for a 404. @param {string} path */
  async #request(path) {
    const response = await fetch(`${this.#base}${path}`);
    if (response.status === 404) return null;
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return response.json();
  }

  /** @param {any} event */
  #deliver(event) {
    if (event.revision > (this.#known.get(event.key)?.revision ?? 0)) this.#emit(event);
  }

  /** @param {any} event */
  #emit(event) {
    if (this.#hasEnded) return;
    const { key, revision, operation } = event;
    const isLive = operation === "put";
    this.#known.set(key, { revision, isLive, connection: this.#connection });
    this.#callbacks.onUpdate(event);
  }
}

/** @param {PlainConfig} config */
export function createClient(config) {
  /** @type {Set<PlainWatch>} */
  const watches = new Set();
  return {
    kv: () => ({
      /** @param {string} name */
      bucket: (name) => ({
        /** @param {any} callbacks @param {any} options */
        watch(callbacks, options) {
          const watch = new PlainWatch(config, name, callbacks, options);
          watches.add(watch);
          return watch;
        },
      }),
    }),
    disconnect() {
      for (const watch of watches) watch.stop();
    },
  };
}
