import { setTimeout as delay } from "node:timers/promises";
import { Checker, format } from "./checker.mjs";
import { seeded } from "./random.mjs";
import { describe, storm } from "./storm.mjs";
import { SubjectPage } from "./subject-page.mjs";
import { passing } from "./watchers.mjs";
import { World } from "./world.mjs";
import { Writers } from "./writers.mjs";

/**
 * @typedef {import("./world.mjs").Backend} Backend
 * @typedef {import("./world.mjs").Version} Version
 * @typedef {import("./storm.mjs").Blow} Blow
 * @typedef {import("./watchers.mjs").Watcher} Watcher
 * @typedef {import("./watchers.mjs").View} View
 * @typedef {import("./checker.mjs").Finding} Finding
 *
 * @typedef {object} Settings
 * @property {Backend} backend
 * @property {Version} version of the watch that the server speaks
 * @property {number} seed
 * @property {import("./subject-page.mjs").Tabs} tabs
 * @property {string} site the URL of a site with the package and the suite's page
 * @property {string} client the path there of the client that is tested
 * @property {object} config of that client, beside the server's address and the token
 * @property {number} [halfOpenBound] how old a half-open connection of version 2 may get, in milliseconds: the client's
 *   heartbeat and timeout
 * @property {Watcher[]} watchers that watch throughout
 * @property {View[]} views that are open throughout
 * @property {number} phases storms, each followed by a calm in which watchers and bucket are compared
 * @property {number} blows in each storm
 * @property {number} patience how long watchers may take for what they have to do in the calm, in milliseconds
 */

/** The interval at which the watchers' events are read, in milliseconds. */
const LOOK_INTERVAL = 50;

/** By how much the memory of the WebAssembly may grow after the first phase, in bytes: four pages. */
const WASM_SLACK = 4 * 64 * 1024;

/**
 * By how much a half-open connection may get older than heartbeat and timeout together, in milliseconds: for the time
 * in which the page is frozen. What a busy machine takes is counted beside it.
 */
const HALF_OPEN_SLACK = 5_000;

const BUCKET = "chaos";

/** One run of the suite: faults, writers and watchers, all from one seed. */
export class Run {
  /** How many blows were felt, by kind. @type {Map<Blow["kind"], number>} */
  felt = new Map();
  #settings;
  #checker;
  #world;
  #page;
  #random;
  #writers;
  /** By how much the steps of a phase took longer than planned, in milliseconds: the machine is busy. */
  #late = 0;
  /** How long WebSockets stayed in black holes, in milliseconds. @type {number[]} */
  #holes = [];

  /** @param {Settings} settings */
  static async start(settings) {
    const { backend, version, tabs, site, client, config } = settings;
    const checker = new Checker();
    const world = await World.start(backend, version, checker.trace);
    try {
      await world.createBucket(BUCKET);
      const { url: serverUrl } = world.proxy;
      const whole = { serverUrl, tokenUrl: `${serverUrl}/token`, ...config };
      const page = await SubjectPage.openSubject(tabs, site, client, whole);
      return new Run(settings, checker, world, page);
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  /** @param {Settings} settings @param {Checker} checker @param {World} world @param {SubjectPage} page */
  constructor(settings, checker, world, page) {
    this.#settings = settings;
    this.#checker = checker;
    this.#world = world;
    this.#page = page;
    this.#random = seeded(settings.seed);
    this.#writers = new Writers(
      () => world.bucketUrl,
      seeded(this.#random.between(0, 2 ** 31)),
      checker,
    );
  }

  /** Storms and calms, to the end. */
  async weather() {
    const page = this.#page;
    const before = { timers: (await page.open()).timers, listeners: await page.listeners() };
    for (const watcher of this.#settings.watchers) await this.#watch(watcher);
    for (const { name, client, bucket } of this.#settings.views) {
      await page.view(name, client, bucket ?? BUCKET);
    }
    await this.#until("readiness", () => named(this.#checker.unready, "it is not ready"));
    await this.#phase(1);
    const { wasmBytes } = await page.open();
    for (let phase = 2; phase <= this.#settings.phases; phase += 1) await this.#phase(phase);
    await (this.#settings.backend === "memory" ? this.#loseBucket() : this.#endWatchers());
    await this.#until("things left open", async () => {
      const { sockets, timers } = await page.open();
      return counted({
        sockets,
        timers: timers - before.timers,
        listeners: (await page.listeners()) - before.listeners,
        "connections with a WebSocket": this.#world.proxy.webSockets,
      });
    });
    const grown = (await page.open()).wasmBytes - wasmBytes;
    if (grown > WASM_SLACK) throw this.#failure("growing memory", [`by ${grown} bytes`]);
    if (page.complaints.length > 0) throw this.#failure("the console complains", page.complaints);
  }

  /** What came to pass. */
  async summary() {
    const { wasmBytes, opened } = await this.#page.open();
    const { events } = this.#checker;
    return {
      felt: this.felt,
      holes: this.#holes,
      events,
      writes: this.#writers.answered,
      opened,
      wasmBytes,
    };
  }

  async stop() {
    await this.#writers.stop();
    await this.#page.close();
    await this.#world.stop();
  }

  /** @param {number} phase */
  async #phase(phase) {
    this.#checker.trace.add("run", `phase ${phase}`);
    await this.#writers.start();
    const { backend, blows } = this.#settings;
    /** @type {Promise<void>[]} */
    const upsets = [];
    this.#late = 0;
    for (const [n, { after, blow }] of storm(this.#random, backend, blows).entries()) {
      const begun = performance.now();
      await delay(after);
      upsets.push(this.#strike(blow));
      if (n === 2) for (const watcher of passing(phase)) await this.#watch(watcher);
      if (n === 4 && phase > 1) {
        const begun = passing(phase - 1).map(({ name }) => name);
        for (const name of this.#checker.running.filter((each) => begun.includes(each))) {
          await this.#stop(name);
        }
      }
      await this.#look();
      this.#late += performance.now() - begun - after;
    }
    await this.#writers.stop();
    await Promise.all(upsets);
    await this.#world.calm();
    const state = await this.#world.state();
    await this.#until("final states", () => this.#checker.missing(state));
    await this.#until("views", () => this.#differingViews());
    if (this.#settings.version === 1) return;
    const refused = `forbidden, from ${phase}`;
    await this.#until("refused watchers", () => {
      const running = this.#checker.running.filter((name) => name === refused);
      return named(running, "it runs");
    });
    this.#checkHoles();
  }

  /** How views differ from their buckets. */
  async #differingViews() {
    const found = [];
    for (const { name, bucket } of this.#settings.views) {
      const { status, entries } = await this.#page.shown(name);
      const state = await this.#world.state(bucket);
      const shown = new Map(entries);
      const differing = [...new Set([...shown.keys(), ...state.keys()])].filter((key) => {
        const [one, other] = [shown.get(key), state.get(key)];
        return one?.revision !== other?.revision || one?.value !== other?.value;
      });
      if (status !== "ready") found.push(`${name} is ${status}`);
      for (const key of differing) {
        const [one, other] = [shown.get(key), state.get(key)].map((entry) => JSON.stringify(entry));
        found.push(`${name} shows ${key} as ${one}, and it is ${other}`);
      }
    }
    return found;
  }

  /** Version 2 notices a connection that became half-open. */
  #checkHoles() {
    const { halfOpenBound = Number.POSITIVE_INFINITY } = this.#settings;
    const bound = halfOpenBound + HALF_OPEN_SLACK + this.#late;
    const ages = this.#world.proxy.holes.splice(0);
    this.#holes.push(...ages);
    const old = ages.filter((age) => age > bound).map((age) => `${age} ms, ${bound} are allowed`);
    if (old.length === 0) return;
    throw this.#failure("half-open connections are kept", old);
  }

  /** A restarted server in memory has no bucket: the watches end, and new ones start. */
  async #loseBucket() {
    this.#checker.expectEnd("HTTP_404");
    await this.#world.restartServer("SIGKILL");
    await this.#until("running watchers", () => named(this.#checker.running, "it runs"));
    await this.#world.createBucket(BUCKET);
    this.#checker.written.clear();
    for (const watcher of this.#settings.watchers) {
      await this.#watch({ ...watcher, name: `${watcher.name}, afterwards` });
    }
    await this.#until("readiness", () => named(this.#checker.unready, "it is not ready"));
    await this.#writers.start();
    await this.#writers.stop();
    const state = await this.#world.state();
    await this.#until("final states", () => this.#checker.missing(state));
    await this.#endWatchers();
  }

  /** Ends every watcher, in one of the ways there are. */
  async #endWatchers() {
    for (const name of this.#checker.running.filter((_, n) => n % 2 === 0)) await this.#stop(name);
    for (const client of ["wide", "narrow", `client of ${this.#settings.phases}`]) {
      await this.#page.disconnect(client);
    }
    await this.#until("running watchers", () => named(this.#checker.running, "it runs"));
  }

  /** @param {Watcher} watcher */
  async #watch(watcher) {
    const { name, key = ">", initial = false } = watcher;
    const ledger = this.#checker.begin({ name, patterns: [key].flat(), initial });
    if (watcher.isForbidden) ledger.expectedEnd = "UNAUTHORIZED";
    await this.#page.start({ ...watcher, bucket: BUCKET });
  }

  /** @param {string} name */
  async #stop(name) {
    await this.#page.stop(name, this.#random.pick(["stop", "abort"]));
  }

  /** @param {Blow} blow */
  async #strike(blow) {
    this.#checker.trace.add("fault", describe(blow));
    let isFelt = false;
    const hit = () => {
      if (!isFelt) this.felt.set(blow.kind, (this.felt.get(blow.kind) ?? 0) + 1);
      isFelt = true;
    };
    switch (blow.kind) {
      case "restart-server":
        await this.#world.restartServer(blow.signal);
        return hit();
      case "restart-nats":
        await this.#world.restartNats(blow.signal);
        return hit();
      case "freeze-server":
        await this.#world.freezeServer(blow.hold);
        return hit();
      case "offline":
        await this.#page.offline(blow.hold);
        return hit();
      case "hide-page":
        await this.#page.hide(blow.hold);
        return hit();
      case "freeze-page":
        await this.#page.freeze(blow.hold);
        return hit();
      case "recreate-bucket":
        await this.#world.recreateBucket(blow.hold);
        return hit();
      case "hang-handshake":
      case "rate-limit":
      case "expire-token":
      case "refuse-pattern":
        return this.#world.gateway.inflict(blow, hit);
      default:
        this.#world.proxy.inflict(blow, hit);
    }
  }

  /** Reads and checks the watchers' events. */
  async #look() {
    for (const [name, event] of await this.#page.drain()) {
      this.#checker.take(name, event, this.#writers.revision);
    }
    const { violations } = this.#checker;
    if (violations.length > 0) throw this.#failure("broken promises", violations);
  }

  /**
   * Looks until there is nothing left.
   *
   * @param {string} what
   * @param {() => (Finding | string)[] | Promise<string[]>} left
   */
  async #until(what, left) {
    const deadline = Date.now() + this.#settings.patience;
    for (;;) {
      await this.#look();
      const found = await left();
      if (found.length === 0) return;
      if (Date.now() > deadline) throw this.#failure(what, found);
      await delay(LOOK_INTERVAL);
    }
  }

  /** @param {string} what @param {(Finding | string)[]} found */
  #failure(what, found) {
    const { backend, version, seed } = this.#settings;
    const [first] = found;
    const about = typeof first === "object" ? first : undefined;
    const lines = found.slice(0, 20).map((one) => (typeof one === "string" ? one : format(one)));
    return new Error(
      [
        `${what}, on ${backend}, version ${version}, with CHAOS_SEED=${seed}:`,
        ...lines.map((line) => `  ${line}`),
        about ? "what led to the first of them:" : "what came before:",
        ...this.#checker.trace.last(
          50,
          about ?? { watcher: typeof first === "string" ? first : "" },
        ),
      ].join("\n"),
    );
  }
}

/** @param {string[]} watchers @param {string} words @returns {Finding[]} */
const named = (watchers, words) => watchers.map((watcher) => ({ watcher, key: undefined, words }));

/** Formats counts. @param {Record<string, number>} counts */
const counted = (counts) =>
  Object.entries(counts).flatMap(([what, count]) => (count === 0 ? [] : [`${count} ${what}`]));
