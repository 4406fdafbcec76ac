// A list that tabs append to through their outboxes, while answers are lost and tabs are killed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openOutbox, startOutboxSite } from "./outbox-site.mjs";

/** In the page, as `openOutbox()` sets it. @type {any} */
let app;

/** How many tabs append at a time, each with a storage of its own. */
const TABS = 2;
const KILLS = 10;

/** Appends items in a tab, each once, until the tab ends. @param {import("./tabs.mjs").Tab} tab @param {string} name */
const append = (tab, name) =>
  tab.evaluate(async (name) => {
    const flushing = setInterval(() => app.outbox.flush(), 50);
    for (let n = 0; n < 20; n += 1) {
      const item = `${name}.${n}`;
      for (;;) {
        try {
          const entry = await app.handle.find("list");
          if (!entry) await app.handle.create("list", [item]);
          else await app.handle.update("list", [...entry.value, item], entry.revision);
          break;
        } catch (error) {
          // It was not written: another tab was first, or the list could not be read.
          const { status, retryable } = /** @type {any} */ (error);
          if (status !== 412 && !retryable) throw error;
        }
      }
      await app.report(item);
    }
    clearInterval(flushing);
  }, name);

/** The items that a tab has in its outbox: each write appends its last one. @param {import("./tabs.mjs").Tab} tab */
const queued = (tab) =>
  tab.evaluate(async () => {
    await app.outbox.flush();
    const text = new TextDecoder();
    return app.outbox
      .entries()
      .map((/** @type {any} */ { bytes }) => JSON.parse(text.decode(bytes)).at(-1));
  }, undefined);

/** @param {() => Promise<import("./tabs.mjs").TabbedBrowser>} launch */
export function testOutboxList(launch) {
  /** @type {import("./tabs.mjs").TabbedBrowser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startOutboxSite>>} */
  let site;
  before(async () => {
    [browser, site] = await Promise.all([launch(), startOutboxSite()]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });

  test("a list that tabs append to, while a fifth of the answers is lost and tabs are killed, has each item once", async () => {
    await site.begin();
    const lossy = () => (Math.random() < 0.2 ? { lost: true } : {});
    const unreached = () => ({ unreached: true });
    /** @type {Set<string>} */
    const expected = new Set();
    const contexts = await Promise.all(Array.from({ length: TABS }, () => browser.newContext()));
    /** A tab of a context, whose client may have writes in its outbox. @param {number} at */
    const open = async (at) => {
      const tab = await /** @type {any} */ (contexts[at]).open(site.url);
      await openOutbox(tab, site.bucketName);
      return tab;
    };
    const tabs = await Promise.all(contexts.map((_, at) => open(at)));
    site.faultOf = lossy;
    const start = (/** @type {number} */ at, /** @type {number} */ round) =>
      append(tabs[at], `${round}.${at}`).catch(() => {});
    const running = tabs.map((_, at) => start(at, 0));
    for (let kill = 1; kill <= KILLS; kill += 1) {
      const at = kill % TABS;
      await new Promise((resolve) => setTimeout(resolve, 100 + Math.random() * 400));
      await (kill % 3 ? tabs[at].kill() : tabs[at].close());
      await running[at];
      // What has survived is known before it can be sent.
      site.faultOf = unreached;
      await site.settled();
      tabs[at] = await open(at);
      for (const item of await queued(tabs[at])) expected.add(item);
      site.faultOf = lossy;
      running[at] = start(at, kill);
    }
    await Promise.all(running);
    site.faultOf = undefined;
    for (const tab of tabs) await tab.evaluate(() => app.empty(), undefined);
    for (const item of site.reports) expected.add(item);
    const items = /** @type {string[]} */ ((await site.bucket.get("list")).value);
    assert.equal(new Set(items).size, items.length, `${items}`);
    for (const item of expected) assert.ok(items.includes(item), `${item} is missing: ${items}`);
    assert.ok(items.length >= 20 * TABS);
    for (const context of contexts) await context.close();
  });
}
