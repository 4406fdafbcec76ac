// What a browser does to writes: a page that unloads ends its requests, but for those with keepalive; a PUT
// on a kept-alive connection that dies is resent by the browser itself.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { after, before, test } from "node:test";
import WebSocket from "ws";
import { api } from "./support/api.mjs";
import { startResendingProxy } from "./support/resending-proxy.mjs";
import { serveBrowser } from "./support/served-browser.mjs";
import { startServer } from "./support/server.mjs";

// Node has one of its own from version 22 on.
Object.assign(globalThis, { WebSocket });

/** @type {Awaited<ReturnType<typeof serveBrowser>>} */
let site;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let elsewhere;
/**
 * One for all pages: it is what a tab that closes leaves behind, and what cancels every request at its own end.
 *
 * @type {import("playwright-core").BrowserContext}
 */
let context;

before(async () => {
  [site, elsewhere] = await Promise.all([serveBrowser(), startServer()]);
  context = await site.browser.newContext();
});
after(async () => {
  await site?.close();
  await elsewhere?.stop();
});

/**
 * A page with the package, configured for a server, which retries nothing.
 *
 * @param {string} serverUrl
 * @param {string} pageUrl
 */
async function open(serverUrl, pageUrl) {
  const page = await context.newPage();
  await page.goto(pageUrl);
  await page.evaluate(async (url) => {
    // @ts-expect-error: the page's server has it there
    const { ironflow } = await import("/pkg/index.js");
    ironflow.configure({ serverUrl: url, logger: false, retry: false });
    await ironflow.connect();
    Object.assign(globalThis, { ironflow });
  }, serverUrl);
  return page;
}

/** Requests of another page, later than all that the browser does for the one that is gone. @param {string} serverUrl */
async function afterAllOfThePage(serverUrl) {
  const page = await open(serverUrl, site.url);
  await page.close();
}

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

/** @type {Record<string, (page: import("playwright-core").Page) => Promise<unknown>>} */
const departures = {
  "a navigation": (page) => page.goto("about:blank"),
  "a reload": (page) => page.reload(),
  "closing the tab": (page) => page.close({ runBeforeUnload: true }),
};

for (const [name, leave] of Object.entries(departures)) {
  for (const origin of ["its own origin", "another origin"]) {
    const title = `${name} cancels a write to ${origin} that is on its way, but not one with keepalive`;
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
      const page = await open(network.url, isOwn ? network.url : site.url);
      await page.evaluate((name) => {
        addEventListener("pagehide", () => {
          const { ironflow } = /** @type {any} */ (globalThis);
          const handle = ironflow.kv().bucket(name);
          handle.put("plain", "x");
          handle.put("kept", "x".repeat(60_000), { keepalive: true });
        });
      }, bucketName);
      await leave(page);
      // Chromium lets a preflight go on, and sends no PUT after it.
      if (isOwn) await network.plainCancelled;
      await afterAllOfThePage(network.url);
      const method = isOwn ? "PUT" : "OPTIONS";
      assert.deepEqual(network.held.sort(), [`${method} kept`, `${method} plain`]);
      assert.deepEqual(network.cancelled, isOwn ? ["plain"] : []);
      network.release();
      for await (const event of events) {
        assert.deepEqual([event.key, event.text().length], ["kept", 60_000]);
        break;
      }
      await afterAllOfThePage(network.url);
      assert.deepEqual(await bucket.listKeys(), ["kept"]);
    });
  }
}

test("a PUT that Chromium resends by itself takes effect once", async () => {
  let puts = 0;
  const proxy = await startResendingProxy(elsewhere.url, (method) => {
    if (method !== "PUT") return {};
    puts += 1;
    return { lost: puts === 2 };
  });
  try {
    const { name, bucket, stop } = await newBucket(elsewhere.url);
    const page = await open(proxy.url, site.url);
    const revision = await page.evaluate(async (bucketName) => {
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
    await page.close();
  } finally {
    proxy.stop();
  }
});
