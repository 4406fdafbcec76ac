// Two browser pages and the server on NATS, which also hands out the package: what one page writes
// reaches the other.

import assert from "node:assert/strict";
import { after, afterEach, before, test } from "node:test";
import { complaints, launchBrowser } from "./support/browser.mjs";
import { startNats } from "./support/nats.mjs";
import { packageSite } from "./support/package-site.mjs";
import { startServer } from "./support/server.mjs";

/**
 * @typedef {import("playwright-core").Page} Page
 * @typedef {import("@ironflow/browser").AuthConfig} AuthConfig
 * @typedef {typeof import("@ironflow/browser")} Api
 * @typedef {{ ironflow: Api["ironflow"], calls: any[] }} World what a page has in its global scope
 */

const site = packageSite();
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof startNats>>} */
let nats;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let guarded;

before(async () => {
  [browser, nats] = await Promise.all([launchBrowser(), startNats()]);
  [server, guarded] = await Promise.all([
    startServer({ store: nats.url, staticDir: site.dir }),
    startServer({ store: nats.url, apiKeys: ["sesame", "peep:read"] }),
  ]);
});

after(async () => {
  await browser?.close();
  await Promise.all([server?.stop(), guarded?.stop()]);
  await nats?.stop();
  site.remove();
});

afterEach(async () => {
  for (const context of browser.contexts()) await context.close();
});

/**
 * A page, in a browser profile of its own, with the package configured for a server.
 *
 * @param {string} serverUrl
 * @param {AuthConfig} [auth]
 */
async function open(serverUrl, auth) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complained = complaints(page);
  await page.goto(server.url);
  await page.evaluate(
    async ([url, credentials]) => {
      const address = "/pkg/index.js";
      /** @type {Api} */
      const { ironflow } = await import(address);
      ironflow.configure({ serverUrl: url, auth: credentials });
      Object.assign(globalThis, { ironflow, calls: [] });
    },
    /** @type {const} */ ([serverUrl, auth]),
  );
  return { page, complained };
}

/** Starts a watch and waits until it is open, or has ended. @param {Page} page @param {string} name */
const watch = (page, name) =>
  page.evaluate((bucket) => {
    const { ironflow, calls } = /** @type {World} */ (/** @type {unknown} */ (globalThis));
    return new Promise((resolve) => {
      ironflow
        .kv()
        .bucket(bucket)
        .watch({
          onReady: () => resolve(undefined),
          onUpdate: (event) =>
            calls.push(`${event.key} ${event.operation} ${event.revision} ${event.text()}`),
          onError: (error) => calls.push(`${error.name} ${Reflect.get(error, "code")}`),
          onClose() {
            calls.push("closed");
            resolve(undefined);
          },
        });
    });
  }, name);

/** What the page's watches called back, once it is so much. @param {Page} page @param {number} count */
async function called(page, count) {
  const wanted = await page.waitForFunction((least) => {
    const { calls } = /** @type {World} */ (/** @type {unknown} */ (globalThis));
    return calls.length >= least && calls;
  }, count);
  return wanted.jsonValue();
}

/** @param {Page} page @param {string} bucket @param {string} key @param {unknown} value */
const put = (page, bucket, key, value) =>
  page.evaluate(
    ([name, to, what]) => {
      const { ironflow } = /** @type {World} */ (/** @type {unknown} */ (globalThis));
      return ironflow.kv().bucket(name).put(to, what);
    },
    /** @type {const} */ ([bucket, key, value]),
  );

/** @param {Page} page @param {string} bucket */
const create = (page, bucket) =>
  page.evaluate((name) => {
    const { ironflow } = /** @type {World} */ (/** @type {unknown} */ (globalThis));
    return ironflow.kv().createBucket({ name });
  }, bucket);

test("a put in one page reaches the other's onUpdate", async () => {
  const [one, two] = await Promise.all([open(server.url), open(server.url)]);
  await create(one.page, "shared");
  await Promise.all([watch(one.page, "shared"), watch(two.page, "shared")]);

  assert.deepEqual(await put(one.page, "shared", "greeting", "Zoë says 🦀"), { revision: 1 });
  assert.deepEqual(await put(two.page, "shared", "user.1", { name: "Bob" }), { revision: 2 });
  const events = ["greeting put 1 Zoë says 🦀", 'user.1 put 2 {"name":"Bob"}'];
  assert.deepEqual(await called(two.page, 2), events);
  assert.deepEqual(await called(one.page, 2), events);
  assert.deepEqual([...one.complained, ...two.complained], [], "the console stays clean");
});

test("a page that is closed leaves the other's watch alone", async () => {
  const [one, two] = await Promise.all([open(server.url), open(server.url)]);
  await create(one.page, "left");
  await Promise.all([watch(one.page, "left"), watch(two.page, "left")]);
  await one.page.context().close();
  await put(two.page, "left", "a", "1");
  assert.deepEqual(await called(two.page, 1), ["a put 1 1"]);
});

test("both pages are notified that the bucket is deleted, and their watches end", async () => {
  const [one, two] = await Promise.all([open(server.url), open(server.url)]);
  await create(one.page, "deleted");
  await Promise.all([watch(one.page, "deleted"), watch(two.page, "deleted")]);
  await one.page.evaluate(() => {
    const { ironflow } = /** @type {World} */ (/** @type {unknown} */ (globalThis));
    return ironflow.kv().deleteBucket("deleted");
  });
  for (const { page } of [one, two]) {
    assert.deepEqual(await called(page, 2), ["IronflowError HTTP_404", "closed"]);
  }
});

test("a page watches across origins with its key, and learns why it may not without one", async () => {
  const holder = await open(guarded.url, { apiKey: "sesame" });
  const reader = await open(guarded.url, { token: "peep" });
  const stranger = await open(guarded.url, { apiKey: "simsalabim" });
  await create(holder.page, "guarded");
  await Promise.all([watch(holder.page, "guarded"), watch(reader.page, "guarded")]);
  await put(holder.page, "guarded", "a", "1");
  for (const { page } of [holder, reader]) {
    assert.deepEqual(await called(page, 1), ["a put 1 1"]);
  }
  await assert.rejects(put(reader.page, "guarded", "a", "2"), /UnauthorizedError.*\(HTTP 403\)/);
  await assert.rejects(
    put(stranger.page, "guarded", "a", "2"),
    /UnauthenticatedError.*\(HTTP 401\)/,
  );
  await watch(stranger.page, "guarded");
  assert.deepEqual(await called(stranger.page, 2), [
    "UnauthenticatedError UNAUTHENTICATED",
    "closed",
  ]);
});
