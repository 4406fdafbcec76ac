// Pages that show components of a framework.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { complaints } from "./browser.mjs";

/** The number of buckets so far: it makes their names unique. */
let buckets = 0;

/** In the page, what app.js or app.jsx leaves there. @type {any} */
let app;

/**
 * A page of components, in a context of its own, with a client and a bucket.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {string} url the page
 * @param {string} prefix of the bucket's name
 * @param {object} config of the client
 */
export async function openComponents(browser, url, prefix, config) {
  const context = await browser.newContext();
  const page = await context.newPage();
  page.setDefaultTimeout(60_000);
  const complained = complaints(page);
  /** @type {import("playwright-core").WebSocket[]} */
  const sockets = [];
  page.on("websocket", (socket) => sockets.push(socket));
  await page.goto(url);
  buckets += 1;
  const bucket = `${prefix}-${buckets}`;
  await page.evaluate(
    async ([settings, name]) => {
      app.start(settings);
      await app.kv().createBucket({ name });
    },
    /** @type {const} */ ([config, bucket]),
  );
  return {
    page,
    bucket,
    sockets,
    /** Sockets that are open. */
    live: () => sockets.filter((socket) => !socket.isClosed()).length,
    show: (/** @type {string} */ name, /** @type {object} */ props = {}) =>
      page.evaluate(
        ([component, given]) => app.show(component, given),
        /** @type {const} */ ([name, { bucket, ...props }]),
      ),
    put: (/** @type {string} */ key, /** @type {unknown} */ value) =>
      page.evaluate(
        ([name, to, what]) => app.kv().bucket(name).put(to, what),
        /** @type {const} */ ([bucket, key, value]),
      ),
    /** What has been rendered since the last call. @returns {Promise<string[]>} */
    rendered: () => page.evaluate(() => app.rendered.splice(0)),
    /** The list, once it has this length. @param {number} length @param {string} [status] */
    async list(length, status = "ready") {
      const selector = `ul[data-status=${status}][data-size="${length}"]`;
      await page.waitForSelector(selector, { state: "attached" });
      return (await page.locator("li").allTextContents()).sort();
    },
    /** @param {RegExp} [expected] what the browser itself may report */
    async done(expected = /^$/) {
      const unexpected = complained.filter((complaint) => !expected.test(complaint));
      assert.deepEqual(unexpected, [], "the console stays clean");
      await context.close();
    },
  };
}

/** Writes a page that runs a script of its folder. @param {string} folder @param {string} name @param {string} [script] */
export function writeComponentPage(folder, name, script = name) {
  const icon = '<link rel="icon" href="data:,">';
  const body = `<div id="root"></div><script type="module" src="${script}.js"></script>`;
  writeFileSync(join(folder, `${name}.html`), `<!doctype html>${icon}${body}`);
}
