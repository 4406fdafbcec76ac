// A list that tabs append to through their outboxes, while answers are lost and tabs are killed.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openOutbox, startOutboxSite } from "./outbox-site.mjs";

/** In the page, as `openOutbox()` sets it. @type {any} */
let app;

/** How many tabs append at a time, each with a storage of its own. */
const TABS = 2;

/**
 * Appends items in a tab, each once, until the tab ends: to what its view shows, and else to what it reads.
 *
 * @param {import("./tabs.mjs").Tab} tab
 * @param {string} name
 * @param {boolean} ids whether the server verifies write ids
 */
const append = (tab, name, ids) =>
  tab.evaluate(
    async ([name, ids]) => {
      await app.openView([]);
      const flushing = setInterval(() => app.outbox.flush(), 50);
      for (let n = 0; n < 20; n += 1) {
        const item = `${name}.${n}`;
        for (let entry = app.view.get("list"); ; ) {
          try {
            // A browser that has sent a write again may report the second time only.
            if (!ids && entry?.value.includes(item)) break;
            if (!entry) await app.handle.create("list", [item]);
            else await app.handle.update("list", [...entry.value, item], entry.revision);
            break;
          } catch (error) {
            // It was not written: another tab was first.
            if (/** @type {any} */ (error).status !== 412) throw error;
          }
          // It may not be readable at once.
          for (entry = undefined; !entry; ) entry = await app.handle.find("list").catch(() => {});
        }
        await app.report(item);
      }
      clearInterval(flushing);
    },
    /** @type {const} */ ([name, ids]),
  );

/** The items that a tab has in its outbox: each write appends its last one. @param {import("./tabs.mjs").Tab} tab */
const queued = (tab) =>
  tab.evaluate(async () => {
    await app.outbox.flush();
    const text = new TextDecoder();
    return app.outbox
      .entries()
      .map((/** @type {any} */ { bytes }) => JSON.parse(text.decode(bytes)).at(-1));
  }, undefined);

/**
 * @param {() => Promise<import("./tabs.mjs").TabbedBrowser>} launch
 * @param {number} kills how many times a tab is killed
 * @param {"1" | "1,2"} versions of the server's protocol; one of version 1 has no features
 */
export function testOutboxList(launch, kills, versions) {
  const ids = versions !== "1";
  /** @type {import("./tabs.mjs").TabbedBrowser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startOutboxSite>>} */
  let site;
  before(async () => {
    [browser, site] = await Promise.all([launch(), startOutboxSite({ watchVersions: versions })]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });

  test(`a list that tabs append to, while a fifth of the answers is lost and tabs are killed ${kills} times, has each item once; version ${versions}`, async (t) => {
    await site.begin();
    if (!ids) site.features.hidden = /./;
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
      append(tabs[at], `${round}.${at}`, ids).catch(() => {});
    const running = tabs.map((_, at) => start(at, 0));
    for (let kill = 1; kill <= kills; kill += 1) {
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
    let conflicts = 0;
    for (const tab of tabs) {
      await tab.evaluate(() => app.empty(), undefined);
      conflicts += await tab.evaluate(() => app.asked.length, undefined);
    }
    for (const item of site.reports) expected.add(item);
    const items = /** @type {string[]} */ ((await site.bucket.get("list")).value);
    assert.equal(new Set(items).size, items.length, `${items}`);
    for (const item of expected) assert.ok(items.includes(item), `${item} is missing: ${items}`);
    assert.ok(items.length >= 20 * TABS);
    const { requests, lost } = site.counts;
    t.diagnostic(
      `${items.length} items, ${requests} requests, ${lost} answers lost, ${conflicts} conflicts at the end`,
    );
    for (const context of contexts) await context.close();
  });
}
