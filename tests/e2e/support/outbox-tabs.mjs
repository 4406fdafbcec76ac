// Tests of the outbox in a browser: tabs that are killed, several tabs, a network and a server that fail.

import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { openOutbox, startOutboxSite } from "./outbox-site.mjs";

/** @typedef {import("./tabs.mjs").Tab} Tab */

/** In the page, as `openOutbox()` sets it. @type {any} */
let app;

/** A random fault of a network and of what is before a server. */
export function randomFault() {
  const chance = Math.random();
  if (chance < 0.2) return { lost: true };
  if (chance < 0.3) return { unreached: true };
  return chance < 0.4 ? { status: 503 } : {};
}

/** Without what directly follows itself. @param {unknown[]} values */
const once = (values) => values.filter((value, at) => value !== values[at - 1]);

/** @param {number} length */
const upTo = (length) => Array.from({ length }, (_, n) => n);

/** How often the tab that is killed writes each of its keys, at most. */
const MAX_WRITES = 30;

/**
 * @param {() => Promise<import("./tabs.mjs").TabbedBrowser>} launch
 * @param {number} kills how many times a tab is killed
 */
export function testOutbox(launch, kills) {
  /** @type {import("./tabs.mjs").TabbedBrowser} */
  let browser;
  /** @type {Awaited<ReturnType<typeof startOutboxSite>>} */
  let site;
  /** @type {import("./tabs.mjs").Context} */
  let context;

  before(async () => {
    [browser, site] = await Promise.all([launch(), startOutboxSite()]);
  });
  after(async () => {
    await browser?.close();
    await site?.stop();
  });
  beforeEach(async () => {
    context = await browser.newContext();
    await site.begin();
  });
  afterEach(() => context.close());

  /** A tab with a client that has an outbox. */
  async function open() {
    const tab = await context.open(site.url);
    await openOutbox(tab, site.bucketName);
    return tab;
  }

  /** Sends until nothing is left. @param {Tab} tab */
  const empty = (tab) => tab.evaluate(() => app.empty(), undefined);

  /** What onConflict was given in a tab. @param {Tab} tab */
  const asked = (tab) => tab.evaluate(() => app.asked, undefined);

  /** The values of a key, the oldest first. @param {string} key */
  const values = async (key) => (await site.bucket.history(key)).map(({ value }) => value);

  /** Queues `0` to `writes - 1` for each key. @param {Tab} tab @param {number} keys @param {number} writes */
  const queue = (tab, keys, writes) =>
    tab.evaluate(
      async ([keys, writes]) => {
        for (let n = 0; n < writes; n += 1) {
          for (let k = 0; k < keys; k += 1) app.handle.put(`k${k}`, n).catch(() => {});
        }
        await app.outbox.flush();
        return app.outbox.size;
      },
      /** @type {const} */ ([keys, writes]),
    );

  /** Asserts that each key was written once with each value, in order. @param {number} keys @param {number} writes */
  async function assertWritten(keys, writes) {
    for (let k = 0; k < keys; k += 1) {
      assert.deepEqual(await values(`k${k}`), upTo(writes), `k${k}`);
    }
  }

  test("1,000 writes made offline survive a reload and are written once each, in order", async () => {
    const tab = await open();
    site.faultOf = () => ({ unreached: true });
    assert.equal(await queue(tab, 250, 4), 1000);
    await tab.reload();
    await openOutbox(tab, site.bucketName);
    await tab.evaluate(() => app.outbox.flush(), undefined);
    assert.equal(await tab.evaluate(() => app.outbox.entries().length, undefined), 1000);
    site.faultOf = undefined;
    await empty(tab);
    await assertWritten(250, 4);
    assert.deepEqual(await asked(tab), []);
  });

  for (const ids of [true, false]) {
    const count = ids ? kills : Math.ceil(kills / 4);
    test(`${ids ? "with" : "without"} write ids, what was queued when a tab is killed is written once and in order, ${count} times`, async () => {
      if (!ids) site.features.hidden = /write-id/;
      for (let round = 0; round < count; round += 1) {
        const killed = await open();
        site.faultOf = round % 4 === 3 ? () => ({ unreached: true }) : randomFault;
        const writing = killed
          .evaluate(
            async ([round, writes]) => {
              for (let n = 0; n < writes; n += 1) {
                for (let k = 0; k < 3; k += 1) {
                  app.handle.put(`${round}.${k}`, n).then(
                    () => app.report({ key: `${round}.${k}`, n }),
                    () => {},
                  );
                }
                await app.outbox.flush();
                for (let k = 0; k < 3; k += 1) app.report({ key: `${round}.${k}`, n });
              }
            },
            /** @type {const} */ ([round, MAX_WRITES]),
          )
          .catch(() => {});
        await new Promise((resolve) => setTimeout(resolve, Math.random() * 300));
        await (round % 2 ? killed.close() : killed.kill());
        await writing;
        await site.settled();
        site.faultOf = undefined;
        const next = await open();
        await empty(next);
        assert.deepEqual(await asked(next), []);
        for (const key of upTo(3).map((k) => `${round}.${k}`)) {
          const written = await values(key);
          // Where the server does not verify ids, a browser may resend a write by itself.
          assert.deepEqual(ids ? written : once(written), upTo(new Set(written).size), key);
          const last = Math.max(
            -1,
            ...site.reports.filter((report) => report.key === key).map(({ n }) => n),
          );
          assert.ok(new Set(written).size > last, `${key}: ${written} without ${last}`);
        }
        await next.close();
      }
    });
  }

  test("random faults of the server and the network during the replay", async () => {
    const tab = await open();
    site.faultOf = () => ({ unreached: true });
    assert.equal(await queue(tab, 20, 3), 60);
    site.faultOf = randomFault;
    await empty(tab);
    site.faultOf = undefined;
    await assertWritten(20, 3);
    assert.deepEqual(await asked(tab), []);
  });

  test("401, 403, 429 and 500 pause the replay", async () => {
    const tab = await open();
    site.faultOf = () => ({ unreached: true });
    await queue(tab, 2, 2);
    for (const status of [401, 403, 429, 500]) {
      site.faultOf = () => ({ status });
      await tab.evaluate(() => app.outbox.flush(), undefined);
      assert.equal(await tab.evaluate(() => app.outbox.size, undefined), 4);
    }
    site.faultOf = undefined;
    await empty(tab);
    await assertWritten(2, 2);
  });

  describe("with two tabs", () => {
    test("each shows what the other has queued, and both together are written in order", async () => {
      const [first, second] = [await open(), await open()];
      site.faultOf = () => ({ unreached: true });
      for (const [at, tab] of [first, second, first, second].entries()) {
        const key = "shared";
        const queued = await tab.evaluate(
          async ([key, at]) => {
            await app.until(() => app.outbox.size === at);
            app.written ??= [];
            app.written.push(app.handle.put(key, at));
            await app.outbox.flush();
            return (await app.handle.get(key)).value;
          },
          /** @type {const} */ ([key, at]),
        );
        assert.equal(queued, at);
      }
      site.faultOf = undefined;
      await empty(first);
      const results = await Promise.all(
        [first, second].map((tab) => tab.evaluate(() => Promise.all(app.written), undefined)),
      );
      assert.deepEqual(
        results.flat().map(({ revision }) => revision),
        [1, 3, 2, 4],
      );
      assert.deepEqual(await values("shared"), upTo(4));
    });

    test("the other sends what a tab queued that is closed", async () => {
      const [first, second] = [await open(), await open()];
      site.faultOf = () => ({ unreached: true });
      await queue(first, 5, 2);
      await second.evaluate(() => app.until(() => app.outbox.size === 10), undefined);
      await first.close();
      site.faultOf = undefined;
      await empty(second);
      await assertWritten(5, 2);
    });

    test("the other sends by itself what a tab was sending that is closed", async () => {
      const [first, second] = [await open(), await open()];
      /** @type {(value?: unknown) => void} */
      let arrived = () => {};
      const sending = new Promise((resolve) => (arrived = resolve));
      // It never reaches the server.
      const never = new Promise(() => {});
      site.faultOf = (method) => {
        if (method !== "PUT") return {};
        site.faultOf = undefined;
        arrived();
        return { until: never };
      };
      await first.evaluate(() => {
        app.handle.put("k0", 0);
      }, undefined);
      await sending;
      await second.evaluate(() => app.until(() => app.outbox.size === 1), undefined);
      await second.evaluate(() => app.outbox.flush(), undefined);
      await first.close();
      await second.evaluate(() => app.until(() => app.outbox.size === 0), undefined);
      await assertWritten(1, 1);
    });
  });

  for (const ids of [true, false]) {
    test(`a conflict ${ids ? "with" : "without"} write ids is reported once after a reload, maybeApplied: ${!ids}`, async () => {
      if (!ids) site.features.hidden = /write-id/;
      const tab = await open();
      const { revision } = await site.bucket.put("a", ["base"]);
      await tab.evaluate(() => app.handle.get("a"), undefined);
      await site.bucket.put("a", ["theirs"]);
      // It is refused, and the answer is lost.
      site.faultOf = (method) => (method === "PUT" ? { lost: true } : {});
      await tab.evaluate(async (revision) => {
        app.handle.update("a", ["mine"], revision).catch(() => {});
        app.handle.put("b", "b").catch(() => {});
        await app.outbox.flush();
      }, revision);
      site.faultOf = () => ({ unreached: true });
      await tab.reload();
      await openOutbox(tab, site.bucketName);
      site.faultOf = undefined;
      await empty(tab);
      assert.deepEqual(await asked(tab), [
        { key: "a", base: 1, mine: ["mine"], theirs: ["theirs"], maybeApplied: !ids },
      ]);
      assert.deepEqual(await values("a"), [["base"], ["theirs"], ["theirs", "mine"]]);
      const written = await values("b");
      // Where the server does not verify ids, a browser may resend a write by itself.
      assert.deepEqual(ids ? written : once(written), ["b"]);
    });
  }

  for (const versions of ["1,2", "1"]) {
    test(`a persisted view shows what is queued after a reload, and then what is written; versions ${versions} of the watch`, async () => {
      const other = await startOutboxSite({ watchVersions: versions });
      try {
        await other.begin();
        await other.bucket.put("a", 1);
        await other.bucket.put("b", 1);
        const tab = await context.open(other.url);
        await openOutbox(tab, other.bucketName);
        await tab.evaluate(() => app.openView(["a", "b"]), undefined);
        other.faultOf = () => ({ unreached: true });
        other.cut();
        await tab.evaluate(async () => {
          app.handle.put("a", 2).catch(() => {});
          app.handle.delete("b").catch(() => {});
          app.handle.create("c", 2).catch(() => {});
          await app.outbox.flush();
        }, undefined);
        const pending = { a: [2, true], c: [2, true] };
        assert.deepEqual(await tab.evaluate(() => app.shown(), undefined), pending);
        await tab.reload();
        await openOutbox(tab, other.bucketName);
        await tab.evaluate(() => app.openView(["a", "c"]), undefined);
        assert.deepEqual(await tab.evaluate(() => app.shown(), undefined), pending);
        other.faultOf = undefined;
        await empty(tab);
        const shown = await tab.evaluate(async () => {
          const isWritten = () => app.view.status === "ready" && !app.view.get("a")?.pending;
          await app.until(isWritten, app.view);
          return app.shown();
        }, undefined);
        assert.deepEqual(shown, { a: [2, false], c: [2, false] });
        assert.deepEqual(await asked(tab), []);
        assert.equal(await other.bucket.find("b"), undefined);
      } finally {
        await other.stop();
      }
    });
  }

  for (const begins of ["in sync", "after a reload"]) {
    test(`a write on the basis of a persisted view, ${begins}, is a conflict if the bucket is recreated`, async () => {
      const tab = await open();
      await site.bucket.put("a", ["old"]);
      await tab.evaluate(() => app.openView(["a"]), undefined);
      if (begins === "after a reload") {
        await tab.evaluate(() => app.persisted(), undefined);
        site.faultOf = () => ({ unreached: true });
        site.cut();
        await tab.reload();
        await openOutbox(tab, site.bucketName);
        await tab.evaluate(() => app.openView(["a"]), undefined);
      }
      site.faultOf = () => ({ unreached: true });
      site.cut();
      await tab.evaluate(async () => {
        app.handle.put("a", ["mine"]).catch(() => {});
        await app.outbox.flush();
      }, undefined);
      await site.kv.deleteBucket(site.bucketName);
      await site.kv.createBucket({ name: site.bucketName, history: 64 });
      // It has the revision of the old entry.
      await site.bucket.put("a", ["new"]);
      site.faultOf = undefined;
      await empty(tab);
      assert.deepEqual(await values("a"), [["new"], ["new", "mine"]]);
      const [{ base, theirs }] = await asked(tab);
      assert.deepEqual([base, theirs], [1, ["new"]]);
    });
  }
}
