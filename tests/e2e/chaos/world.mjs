import { setTimeout as delay } from "node:timers/promises";
import { startNats } from "../support/nats.mjs";
import { startServer } from "../support/server.mjs";
import { startFaultProxy } from "./fault-proxy.mjs";

/**
 * @typedef {import("./ledger.mjs").Entry} Entry
 * @typedef {import("./storm.mjs").Blow} Blow
 * @typedef {"memory" | "nats"} Backend
 */

/** How many requests are made at a time. */
const READERS = 8;

/** A server, what it keeps its data in, and a proxy in front of it that a client goes through. */
export class World {
  #nats;
  /** The server reaches nats through it, so that nats may move. */
  #toNats;
  #server;
  #trace;
  /** One upset at a time. */
  #upset = Promise.resolve();
  #bucket = "chaos";

  /** @param {Backend} backend @param {import("./trace.mjs").Trace} trace */
  static async start(backend, trace) {
    const nats = backend === "nats" ? await startNats() : undefined;
    const toNats = nats && (await startFaultProxy(nats.url));
    const server = await startServer({ store: toNats?.url ?? "memory" });
    const proxy = await startFaultProxy(server.url);
    return new World({ nats, toNats, server, proxy, trace });
  }

  /**
   * @param {{ nats: Awaited<ReturnType<typeof startNats>> | undefined,
   *   toNats: import("./fault-proxy.mjs").FaultProxy | undefined,
   *   server: Awaited<ReturnType<typeof startServer>>, proxy: import("./fault-proxy.mjs").FaultProxy,
   *   trace: import("./trace.mjs").Trace }} parts
   */
  constructor({ nats, toNats, server, proxy, trace }) {
    this.#nats = nats;
    this.#toNats = toNats;
    this.#server = server;
    this.#trace = trace;
    this.proxy = proxy;
  }

  /** The bucket's address, past the proxy. */
  get bucketUrl() {
    return `${this.#server.url}/api/v1/kv/buckets/${this.#bucket}`;
  }

  /** Creates a bucket, which is the one from now on. @param {string} name */
  async createBucket(name) {
    this.#bucket = name;
    await this.#request(`${this.#server.url}/api/v1/kv/buckets`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name }),
    });
  }

  /** Ends the server and starts it again. @param {NodeJS.Signals} signal */
  restartServer(signal) {
    return this.#next(async () => {
      this.#trace.add("server", `ends with ${signal}`);
      this.#server.signal(signal);
      await this.#server.ended;
      this.#server = await startServer({ store: this.#toNats?.url ?? "memory" });
      this.proxy.retarget(this.#server.url);
      this.#trace.add("server", "is back");
    });
  }

  /** Ends nats and starts it again on the same data. @param {NodeJS.Signals} signal */
  restartNats(signal) {
    return this.#next(async () => {
      this.#trace.add("nats", `ends with ${signal}`);
      await this.#nats?.restart(signal);
      if (this.#nats) this.#toNats?.retarget(this.#nats.url);
      this.#trace.add("nats", "is back");
    });
  }

  /** Has the server stand still. @param {number} milliseconds */
  freezeServer(milliseconds) {
    return this.#next(async () => {
      this.#trace.add("server", `stands still for ${milliseconds} ms`);
      this.#server.signal("SIGSTOP");
      await delay(milliseconds);
      this.#server.signal("SIGCONT");
    });
  }

  /** Ends every fault and waits until the server is ready. */
  async calm() {
    await this.#upset;
    this.proxy.heal();
    const deadline = Date.now() + 60_000;
    while (!(await fetch(new URL("/ready", this.#server.url))).ok) {
      if (Date.now() > deadline) throw new Error("the server does not become ready");
      await delay(20);
    }
    this.#trace.add("run", "it is calm");
  }

  /** What the bucket holds. @returns {Promise<Map<string, Entry>>} */
  async state() {
    /** @type {{ keys: string[] }} */
    const { keys } = await (await this.#request(`${this.bucketUrl}/keys`)).json();
    /** @type {Map<string, Entry>} */
    const state = new Map();
    const read = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        const response = await this.#request(`${this.bucketUrl}/keys/${encodeURIComponent(key)}`);
        const { revision, value } = await response.json();
        state.set(key, { revision, value: atob(value) });
      }
    };
    await Promise.all(Array.from({ length: READERS }, read));
    return state;
  }

  async stop() {
    await this.#upset;
    await this.proxy.stop();
    await this.#server.stop();
    await this.#toNats?.stop();
    await this.#nats?.stop();
  }

  /** @param {() => Promise<void>} act */
  #next(act) {
    this.#upset = this.#upset.then(act);
    return this.#upset;
  }

  /** @param {string} url @param {RequestInit} [init] */
  async #request(url, init) {
    const response = await fetch(url, { ...init, signal: AbortSignal.timeout(60_000) });
    if (!response.ok) throw new Error(`${url}: HTTP ${response.status} ${await response.text()}`);
    return response;
  }
}
