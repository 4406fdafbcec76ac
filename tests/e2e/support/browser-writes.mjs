// Tests of what a browser does to writes: a page that unloads ends its requests, but for those with keepalive; a PUT on a
// kept-alive connection that dies is resent by the browser itself.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { api } from "./api.mjs";
import { packageSite } from "./package-site.mjs";
import { startResendingProxy } from "./resending-proxy.mjs";
import { startServer } from "./server.mjs";

// Node has one of its own from version 22 on.
Object.assign(globalThis, { WebSocket });

/** A new bucket. @param {string} serverUrl */
async function newBucket(serverUrl) {
  const name = `unload-${Math.random().toString(36).slice(2)}`;
  const client = api.createClient({ serverUrl, logger: false });
  await client.kv().createBucket({ name });
  return { name, bucket: client.kv().bucket(name), stop: () => client.disconnect() };
}

/**
 * A proxy that holds what a page sends about the keys "plain" and "kept" until it is released. What the browser
 * cancels before that does not reach the server.
 *
 * @param {string} serverUrl
 */
async function startSlowNetwork(serverUrl) {
  const happened = new EventEmitter();
  const released = once(happened, "released");
  const plainCancelled = once(happened, "plain cancelled");
  const held = /** @type {string[]} */ ([]);
  const cancelled = /** @type {string[]} */ ([]);
  const proxy = await startResendingProxy(serverUrl, (method, path) => {
    const key = /\/keys\/(plain|kept)$/.exec(path)?.[1];
    if (!key) return {};
    held.push(`${method} ${key}`);
    return {
      until: released,
      cancelled() {
        cancelled.push(key);
        if (key === "plain") happened.emit("plain cancelled");
      },
    };
  });
  return {
    ...proxy,
    held,
    cancelled,
    plainCancelled,
    release: () => happened.emit("released"),
  };
}

/** @type {Record<string, (tab: import("./tabs.mjs").Tab) => Promise<unknown>>} */
const departures = {
  "a navigation": (tab) => tab.goto("about:blank"),
  "a reload": (tab) => tab.reload(),
  "closing the tab": (tab) => tab.close(),
};

/**
 * @param {() => Promise<import("./tabs.mjs").TabbedBrowser>} launch
 * @param {object} [options]
 * @param {boolean} [options.cancels] whether the browser cancels all requests without keepalive; others cancel some
 * @param {boolean} [options.closes] whether the browser sends all of what a tab begins to send while it is closed
 */
export function testBrowserWrites(launch, { cancels = false, closes = true } = {}) {
  /** @type {import("./tabs.mjs").TabbedBrowser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let site;
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let elsewhere;
  /**
   * One for all tabs: it is what a tab that closes leaves behind, and what cancels every request at its own end.
   *
   * @type {import("./tabs.mjs").Context}
   */
  let context;
  const folder = packageSite();

  before(async () => {
    [browser, site, elsewhere] = await Promise.all([
      launch(),
      startServer({ staticDir: folder.dir }),
      startServer(),
    ]);
    context = await browser.newContext();
  });
  after(async () => {
    await context?.close();
    await browser?.close();
    await site?.stop();
    await elsewhere?.stop();
    folder.remove();
  });

  /**
   * A tab with the package, configured for a server, which retries nothing.
   *
   * @param {string} serverUrl
   * @param {string} pageUrl
   */
  async function open(serverUrl, pageUrl) {
    const tab = await context.open(pageUrl);
    await tab.evaluate(async (url) => {
      // @ts-expect-error: the page's server has it there
      const { ironflow } = await import("/pkg/index.js");
      ironflow.configure({ serverUrl: url, logger: false, retry: false });
      await ironflow.connect();
      Object.assign(globalThis, { ironflow });
    }, serverUrl);
    return tab;
  }

  /** Requests of another tab, later than all that the browser does for the one that is gone. @param {string} serverUrl */
  async function afterAllOfTheTab(serverUrl) {
    const tab = await open(serverUrl, site.url);
    await tab.close();
  }

  for (const [name, leave] of Object.entries(departures)) {
    if (name === "closing the tab" && !closes) continue;
    for (const origin of ["its own origin", "another origin"]) {
      const title = `${name} does not cancel a write to ${origin} with keepalive that is on its way${cancels ? ", but one without" : ""}`;
      test(title, { timeout: 120_000 }, async (t) => {
        const isOwn = origin === "its own origin";
        const serverUrl = isOwn ? site.url : elsewhere.url;
        const network = await startSlowNetwork(serverUrl);
        const { name: bucketName, bucket, stop } = await newBucket(serverUrl);
        t.after(() => {
          stop();
          network.stop();
        });
        const events = bucket.watch();
        await events.ready;
        const tab = await open(network.url, isOwn ? network.url : site.url);
        await tab.evaluate((name) => {
          addEventListener("pagehide", () => {
            const { ironflow } = /** @type {any} */ (globalThis);
            const handle = ironflow.kv().bucket(name);
            handle.put("plain", "x");
            handle.put("kept", "x".repeat(60_000), { keepalive: true });
          });
        }, bucketName);
        await leave(tab);
        // A preflight goes on, and no PUT is sent after it.
        if (cancels && isOwn) await network.plainCancelled;
        await afterAllOfTheTab(network.url);
        if (cancels) {
          const method = isOwn ? "PUT" : "OPTIONS";
          assert.deepEqual(network.held.sort(), [`${method} kept`, `${method} plain`]);
          assert.deepEqual(network.cancelled, isOwn ? ["plain"] : []);
        }
        network.release();
        for await (const event of events) {
          if (event.key === "plain" && !cancels) continue;
          assert.deepEqual([event.key, event.text().length], ["kept", 60_000]);
          break;
        }
        await afterAllOfTheTab(network.url);
        if (cancels) assert.deepEqual(await bucket.listKeys(), ["kept"]);
      });
    }
  }

  test("a PUT that the browser resends by itself takes effect once", async () => {
    let puts = 0;
    const proxy = await startResendingProxy(elsewhere.url, (method) => {
      if (method !== "PUT") return {};
      puts += 1;
      return { lost: puts === 2 };
    });
    try {
      const { name, bucket, stop } = await newBucket(elsewhere.url);
      const tab = await open(proxy.url, site.url);
      const revision = await tab.evaluate(async (bucketName) => {
        const { ironflow } = /** @type {any} */ (globalThis);
        const handle = ironflow.kv().bucket(bucketName);
        await handle.put("counter", 0);
        const add = (/** @type {any} */ entry) => entry.json() + 1;
        return (await handle.modify("counter", add)).revision;
      }, name);
      const entry = await bucket.get("counter");
      assert.deepEqual([entry.json(), entry.revision, revision], [1, 2, 2]);
      assert.equal(puts, 3);
      stop();
      await tab.close();
    } finally {
      proxy.stop();
    }
  });
}
