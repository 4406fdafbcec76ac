import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before } from "node:test";
import { complaints, launchBrowser } from "../support/browser.mjs";
import { assembleDemo } from "../support/demo.mjs";
import { startNats } from "../support/nats.mjs";
import { startServer } from "../support/server.mjs";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {Awaited<ReturnType<typeof startServer>>} Server
 * @typedef {Parameters<typeof startServer>[0]} ServerOptions
 * @typedef {"memory" | "nats"} Backend
 */

/** The message of a browser about a watch of a missing bucket. */
const NO_BUCKET = /^error: WebSocket connection to .*\/watch.* failed: .*response code: 404/;

/** The message of a browser about an unreachable server. */
const NO_SERVER =
  /Failed to load resource: net::ERR_(CONNECTION_REFUSED|CONNECTION_RESET|EMPTY_RESPONSE)|^error: WebSocket connection to '\S+' failed/;

/** @param {Page} page */
const hasStarted = (page) =>
  page.locator("#connection-chip:not([data-state=idle],[data-state=busy])").waitFor();

/** The browser, the page's files and the servers of a test file. Every page must keep its console clean. */
class Stage {
  dir = mkdtempSync(join(tmpdir(), "ironflow-demo-"));
  /** @type {Map<Backend, Server>} */
  #servers = new Map();
  /** @type {Awaited<ReturnType<typeof startNats>> | undefined} */
  #nats;
  /** @type {(() => Promise<unknown>)[]} */
  #endings = [];
  /** Pages that wait for the next test. @type {Page[]} */
  #idle = [];
  /** Pages of the running test: reused or closed after it. @type {Page[]} */
  #shared = [];
  /** @type {Page[]} */
  #apart = [];
  /** @type {Map<Page, string[]>} */
  #complaints = new Map();
  /** @type {Set<Page>} */
  #cutOff = new Set();
  /** @type {Set<Page>} */
  #missingBucket = new Set();
  /** @type {import("playwright-core").Browser | undefined} */
  #browser;

  async begin() {
    assembleDemo(this.dir);
    this.#browser = await launchBrowser();
  }

  get browser() {
    assert.ok(this.#browser);
    return this.#browser;
  }

  /** Starts a server that stops after the test file at the latest. @param {ServerOptions} [options] */
  async startServer(options) {
    const server = await startServer({ staticDir: this.dir, ...options });
    this.#endings.push(() => server.stop());
    return server;
  }

  /** A nats-server, started on first use. */
  async nats() {
    if (!this.#nats) {
      const nats = await startNats();
      this.#nats = nats;
      this.#endings.push(() => nats.stop());
    }
    return this.#nats;
  }

  /** The server on a store, started on first use. @param {Backend} backend */
  async server(backend) {
    const known = this.#servers.get(backend);
    if (known) return known;
    const store = backend === "nats" ? (await this.nats()).url : "memory";
    const server = await this.startServer({ store });
    this.#servers.set(backend, server);
    return server;
  }

  /**
   * Opens the demo page and waits until it has connected or needs a click to connect. Tests reuse pages, because a
   * new one takes three times as long; navigation discards the state of the previous test.
   *
   * @param {string} url
   */
  async open(url) {
    const page = this.#idle.pop() ?? (await this.#newPage({ reducedMotion: "reduce" }));
    this.#shared.push(page);
    await page.goto(url);
    await hasStarted(page);
    return page;
  }

  /**
   * Opens a page that no other test reuses, with its own options.
   *
   * @param {string} url
   * @param {import("playwright-core").BrowserContextOptions} [options]
   */
  async openApart(url, options) {
    const page = await this.#newPage(options);
    this.#apart.push(page);
    await page.goto(url);
    if (url !== "about:blank") await hasStarted(page);
    return page;
  }

  /** @param {import("playwright-core").BrowserContextOptions} [options] */
  async #newPage(options) {
    const context = await this.browser.newContext(options);
    const page = await context.newPage();
    page.setDefaultTimeout(60_000);
    this.#complaints.set(page, complaints(page));
    return page;
  }

  /** Allows messages of the browser about an unreachable server from now on. @param {Page} page */
  cutOff(page) {
    this.#cutOff.add(page);
  }

  /** Allows messages of the browser about a failed handshake from now on: views retry a missing bucket. @param {Page} page */
  missesBucket(page) {
    this.#missingBucket.add(page);
  }

  async clear() {
    await Promise.all(this.#apart.map((page) => page.context().close()));
    await Promise.all(this.#shared.map((page) => page.goto("about:blank")));
    const found = [...this.#complaints].flatMap(([page, all]) =>
      all
        .splice(0)
        .filter(
          (words) =>
            !(this.#cutOff.has(page) && NO_SERVER.test(words)) &&
            !(this.#missingBucket.has(page) && NO_BUCKET.test(words)),
        ),
    );
    for (const page of this.#apart) this.#complaints.delete(page);
    this.#idle.push(...this.#shared);
    this.#shared = [];
    this.#apart = [];
    this.#cutOff.clear();
    this.#missingBucket.clear();
    assert.deepEqual(found, [], "the console stays clean");
  }

  async end() {
    await this.#browser?.close();
    for (const ending of this.#endings.reverse()) await ending();
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** Sets the stage for a test file. */
export function setStage() {
  const stage = new Stage();
  before(() => stage.begin());
  afterEach(() => stage.clear());
  after(() => stage.end());
  return stage;
}

/** Where a test's page keeps its data: in the tab, or on a server on JetStream. */
export const places = /** @type {const} */ ([
  ["in the tab", "memory", ""],
  ["on a server", "nats", "?server=here"],
]);
