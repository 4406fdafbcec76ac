// Writes that are queued behind another one of their key.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setUp } from "./support/outbox.mjs";

const t = setUp();

/** A client that drops what is a conflict, with the conflicts. */
function open() {
  /** @type {unknown[]} */
  const asked = [];
  const onConflict = (/** @type {any} */ given) => void asked.push(given.operation);
  return { ...t.open({ onConflict }), asked };
}

/** What becomes of promises. @param {Promise<unknown>[]} results */
const outcomes = async (results) =>
  (await Promise.allSettled(results)).map((result) =>
    result.status === "fulfilled" ? "written" : result.reason.status,
  );

/** What the second one becomes, and the value at the end, by the first and the second one. */
const onTopOfValue = {
  put: ["written", 2],
  create: [412, 1],
  update: ["written", 2],
  delete: ["written", undefined],
  purge: ["written", undefined],
};
const onTopOfDelete = {
  put: ["written", 2],
  create: ["written", 2],
  update: [412, undefined],
  delete: [404, undefined],
  purge: [404, undefined],
};
const pairs = Object.entries({
  put: onTopOfValue,
  create: onTopOfValue,
  update: onTopOfValue,
  delete: onTopOfDelete,
  purge: onTopOfDelete,
}).flatMap(([first, table]) =>
  Object.entries(table).map((row) => /** @type {const} */ ([first, ...row])),
);

describe("while the server cannot be reached", () => {
  for (const [first, second, [outcome, value]] of pairs) {
    test(`${second} behind ${first}: ${outcome}`, async () => {
      const { bucket, outbox, asked } = open();
      const written = first === "create" ? undefined : await bucket.put("a", 0);
      await bucket.put("other", 0);
      t.fate = "offline";
      /** @param {string} operation @param {number} value @param {number} [revision] */
      const write = async (operation, value, revision) => {
        const given = /delete|purge/.test(operation)
          ? []
          : [value, revision].slice(0, operation === "update" ? 2 : 1);
        const result = bucket[operation]("a", ...given);
        await outbox.flush();
        return { result };
      };
      const before = written?.revision ?? 0;
      const { result } = await write(first, 1, before);
      const shown = await bucket.find("a");
      const behind = await write(second, 2, shown?.revision ?? before);
      t.fate = undefined;
      await outbox.flush();
      assert.deepEqual(await outcomes([result, behind.result]), ["written", outcome]);
      assert.equal((await t.other.find("a"))?.value, value);
      assert.deepEqual(asked, outcome === 412 ? [second] : []);
    });
  }
});

describe("an update of the revision that is shown of a queued write is on top of it", () => {
  for (const [how, show] of /** @type {const} */ ([
    ["by get()", (/** @type {any} */ { bucket }) => bucket.get("a")],
    [
      "by entries()",
      async (/** @type {any} */ { bucket }) => (await t.elsewhere(() => bucket.entries("a")))[0],
    ],
    ["by a view", (/** @type {any} */ { view }) => view.get("a")],
    ["after a reload", undefined],
  ])) {
    test(how, async () => {
      const first = open();
      const { revision } = await first.bucket.put("a", 0);
      const view = first.bucket.view();
      await view.ready;
      t.fate = "offline";
      const results = [first.bucket.update("a", 1, revision)];
      await first.outbox.flush();
      let tab = first;
      let entry = await show?.({ ...first, view });
      if (!entry) {
        results.pop()?.catch(() => {});
        first.client.disconnect();
        tab = open();
        await tab.outbox.flush();
        entry = await tab.bucket.get("a");
      }
      assert.deepEqual([entry.value, entry.revision, entry.pending], [1, revision, true]);
      for (const n of [2, 3]) {
        results.push(tab.bucket.update("a", n, revision));
        await tab.outbox.flush();
        await tab.bucket.get("a");
      }
      t.fate = undefined;
      await tab.outbox.flush();
      assert.deepEqual(new Set(await outcomes(results)), new Set(["written"]));
      assert.deepEqual(
        (await t.other.history("a")).map(({ value }) => value),
        [0, 1, 2, 3],
      );
      assert.deepEqual(tab.asked, []);
      view.stop();
    });
  }

  test("and a conflict if that one is not written", async () => {
    const { bucket, outbox, asked } = open();
    const { revision } = await bucket.put("a", 0);
    t.fate = "offline";
    const results = [bucket.update("a", 1, revision)];
    await outbox.flush();
    await bucket.get("a");
    const ended = outcomes([...results, bucket.update("a", 2, revision)]);
    await outbox.flush();
    await outbox.discard(outbox.entries()[0].id);
    t.fate = undefined;
    await outbox.flush();
    assert.deepEqual(await ended, [undefined, 412]);
    assert.deepEqual(asked, ["update"]);
    assert.equal((await t.other.get("a")).value, 0);
  });

  test("but not what another tab has queued and only a view shows", async () => {
    const [mine, other] = [open(), open()];
    const { revision } = await mine.bucket.put("a", 0);
    const view = mine.bucket.view();
    await view.ready;
    t.fate = "offline";
    const first = other.bucket.update("a", 1, revision);
    await other.outbox.flush();
    await new Promise((resolve) =>
      view.subscribe(() => view.get("a").pending && resolve(undefined)),
    );
    const second = mine.bucket.update("a", 2, revision);
    await mine.outbox.flush();
    t.fate = undefined;
    await Promise.all([mine.outbox.flush(), other.outbox.flush()]);
    assert.deepEqual(await outcomes([first, second]), ["written", 412]);
    assert.equal((await t.other.get("a")).value, 1);
    view.stop();
  });
});
