import { setTimeout as delay } from "node:timers/promises";
import { startNats } from "../support/nats.mjs";
import { startServer } from "../support/server.mjs";
import { startFaultProxy } from "./fault-proxy.mjs";
import { startGateway } from "./gateway.mjs";

/**
 * @typedef {import("./ledger.mjs").Entry} Entry
 * @typedef {import("./storm.mjs").Blow} Blow
 * @typedef {"memory" | "nats"} Backend
 * @typedef {1 | 2} Version of the watch
 */

/** The options of a server, by the highest version of the watch that it speaks. */
const VERSIONS = { 1: { watchVersions: "1" }, 2: {} };

/** How many requests are made at a time. */
const READERS = 8;

/** What is written to a bucket that was created again. */
const FLEETING_KEYS = Array.from({ length: 10 }, (_, n) => `key-${n}`);

/** So many writes may have been carried out whose answers were lost. */
const MANY_UNANSWERED = 20;

/** The bucket that is deleted and created again. */
const FLEETING = "fleeting";

/** A server, what it keeps its data in, and a gateway and a proxy in front of it that a client goes through. */
export class World {
  #nats;
  /** The server reaches nats through it, so that nats may move. */
  #toNats;
  #server;
  #trace;
  /** One upset at a time. */
  #upset = Promise.resolve();
  #bucket = "chaos";
  #version;
  /** How often the fleeting bucket was created. */
  #lives = 0;
  /** Its highest known revision, in any of its lives. */
  #highest = 0;

  /** @param {Backend} backend @param {Version} version @param {import("./trace.mjs").Trace} trace */
  static async start(backend, version, trace) {
    const nats = backend === "nats" ? await startNats() : undefined;
    const toNats = nats && (await startFaultProxy(nats.url));
    const server = await startServer({ store: toNats?.url ?? "memory", ...VERSIONS[version] });
    const gateway = await startGateway(server.url);
    const proxy = await startFaultProxy(gateway.url);
    return new World({ nats, toNats, server, gateway, proxy, version, trace });
  }

  /**
   * @param {{ nats: Awaited<ReturnType<typeof startNats>> | undefined,
   *   toNats: import("./fault-proxy.mjs").FaultProxy | undefined,
   *   server: Awaited<ReturnType<typeof startServer>>, gateway: import("./gateway.mjs").Gateway,
   *   proxy: import("./fault-proxy.mjs").FaultProxy, version: Version,
   *   trace: import("./trace.mjs").Trace }} parts
   */
  constructor({ nats, toNats, server, gateway, proxy, version, trace }) {
    this.#nats = nats;
    this.#toNats = toNats;
    this.#server = server;
    this.#trace = trace;
    this.gateway = gateway;
    this.proxy = proxy;
    this.#version = version;
  }

  /** The bucket's address, past the proxy. */
  get bucketUrl() {
    return `${this.#buckets}/${this.#bucket}`;
  }

  get #buckets() {
    return `${this.#server.url}/api/v1/kv/buckets`;
  }

  /** Creates a bucket, which is the one from now on, and the fleeting one. @param {string} name */
  async createBucket(name) {
    this.#bucket = name;
    await this.#create(name);
    await this.#fill();
  }

  /** @param {string} name */
  #create(name) {
    return this.#request(this.#buckets, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ name }),
    });
  }

  /** Deletes the fleeting bucket, and creates and fills it again. @param {number} pause between, in milliseconds */
  recreateBucket(pause) {
    return this.#next(async () => {
      try {
        const url = `${this.#buckets}/${FLEETING}`;
        await fetch(url, { method: "DELETE", signal: AbortSignal.timeout(10_000) });
        this.#trace.add("bucket", "is deleted");
        await delay(pause);
        await this.#fill();
        this.#trace.add("bucket", `is created for the time ${this.#lives}`);
      } catch (error) {
        this.#trace.add("bucket", `it is not created: ${error}`);
      }
    });
  }

  /** Creates the fleeting bucket, if it is not there, and writes to it. */
  async #fill() {
    await this.#create(FLEETING);
    this.#lives += 1;
    // Version 1 does not say which life of a bucket it is: revisions must not come again.
    const past = this.#version === 1 ? this.#highest + MANY_UNANSWERED : 0;
    while ((await this.#put("filler")) <= past);
    const keys = FLEETING_KEYS.filter((_, n) => n % 3 !== this.#lives % 3);
    for (const key of keys) await this.#put(key);
  }

  /** Writes to the fleeting bucket. @param {string} key */
  async #put(key) {
    const url = `${this.#buckets}/${FLEETING}/keys/${key}`;
    const body = `life ${this.#lives}`;
    /** @type {{ revision: number }} */
    const { revision } = await (await this.#request(url, { method: "PUT", body })).json();
    this.#highest = Math.max(this.#highest, revision);
    return revision;
  }

  /** Ends the server and starts it again. @param {NodeJS.Signals} signal */
  restartServer(signal) {
    return this.#next(async () => {
      this.#trace.add("server", `ends with ${signal}`);
      this.#server.signal(signal);
      await this.#server.ended;
      const store = this.#toNats?.url ?? "memory";
      this.#server = await startServer({ store, ...VERSIONS[this.#version] });
      this.gateway.retarget(this.#server.url);
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
    this.gateway.heal();
    this.proxy.heal();
    const deadline = Date.now() + 60_000;
    while (!(await fetch(new URL("/ready", this.#server.url))).ok) {
      if (Date.now() > deadline) throw new Error("the server does not become ready");
      await delay(20);
    }
    await this.#fill();
    this.#trace.add("run", "it is calm");
  }

  /** What a bucket holds. @param {string} [name] @returns {Promise<Map<string, Entry>>} */
  async state(name = this.#bucket) {
    const url = `${this.#buckets}/${name}`;
    /** @type {{ keys: string[] }} */
    const { keys } = await (await this.#request(`${url}/keys`)).json();
    /** @type {Map<string, Entry>} */
    const state = new Map();
    const read = async () => {
      for (let key = keys.pop(); key !== undefined; key = keys.pop()) {
        const response = await this.#request(`${url}/keys/${encodeURIComponent(key)}`);
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
    await this.gateway.stop();
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
