// view.mutate(): shown at once, written by compare-and-swap, rolled back where that fails.

import { deepEqual, equal, isError, ok, rejects } from "./assert.js";
import { keyNotFound } from "./expected.js";
import { ready, until } from "./views.js";

/** The export of the package: the same symbol in every copy. */
const KV_DELETE = /** @type {any} */ (Symbol.for("ironflow.KV_DELETE"));

/** A counter. @param {{ json(): unknown }} [entry] */
const add = (entry) => Number(entry?.json() ?? 0) + 1;

/** @param {import("../../src/client/types.d.ts").KVView<any>} view */
const number = (view) => Number(view.get("k")?.json());

/** @param {import("../../src/client/types.d.ts").KVView<any>} view */
const shown = (view) =>
  // The time of a mutation is known once its event arrives.
  view.entries().map(({ created_at, ...entry }) => ({ ...entry }));

/** @type {import("./context.js").Cases} */
export const mutatingViews = {
  async "a mutation is shown at once as it will be read, and is written by compare-and-swap"(t) {
    /** @type {[any, unknown, unknown][]} */
    const cases = [
      [undefined, { n: 1 }, btoa('{"n":1}')],
      [undefined, "text", btoa("text")],
      ["json", { at: new Date(0) }, { at: "1970-01-01T00:00:00.000Z" }],
      ["text", "text", "text"],
      ["bytes", new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2])],
    ];
    for (const [decode, written, value] of cases) {
      const { kv, name } = await t.bucket();
      const bucket = kv.bucket(name, decode && { decode });
      const view = await ready(bucket);
      const mutated = view.mutate("k", () => /** @type {any} */ (written));
      deepEqual(shown(view), [{ key: "k", value, revision: 0, pending: true }], decode);
      deepEqual(await mutated, { revision: 1 });
      deepEqual(shown(view), [{ key: "k", value, revision: 1 }], decode);
      deepEqual((await bucket.get("k")).value, value);
      view.stop();
    }
  },

  async "mutations of one key in flight are shown together, and none is lost or shown undone"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("k", 0);
    const view = await ready(bucket);
    /** @type {number[]} */
    const values = [];
    view.subscribe(() => values.push(number(view)));
    const mutations = [1, 2, 3, 4, 5].map(() => view.mutate("k", add));
    equal(view.get("k")?.json(), 5);
    equal(view.get("k")?.revision, 1);
    const results = await Promise.all(mutations);
    deepEqual(
      results.map(({ revision }) => revision),
      [2, 3, 4, 5, 6],
    );
    deepEqual(shown(view), [{ key: "k", value: btoa("5"), revision: 6 }]);
    const { revision } = await bucket.put("last", "");
    await view.waitFor(revision);
    ok(
      values.every((value) => value === 5),
      String(values),
    );
    equal((await bucket.get("k")).json(), 5);
  },

  async "what others write meanwhile is kept, and the changes are shown on top of it"(t) {
    const { bucket, buckets } = await t.shared(2);
    const other = buckets[1] ?? bucket;
    await bucket.put("k", 0);
    const view = await ready(bucket);
    const mutations = [1, 2, 3].map(() => view.mutate("k", add));
    const others = [1, 2, 3].map(() => other.modify("k", add));
    /** @type {number[]} */
    const values = [];
    view.subscribe(() => values.push(number(view)));
    await Promise.all([...mutations, ...others]);
    await until(view, () => view.get("k")?.json() === 6);
    deepEqual(
      values,
      [...values].sort((a, b) => a - b),
    );
    equal(view.get("k")?.pending, undefined);
    equal((await bucket.get("k")).json(), 6);
  },

  async "a mutation that fails is rolled back with the error; those after it stay"(t) {
    const { bucket } = await t.bucket({ maxValueSize: 10 });
    await bucket.put("k", "a");
    const view = await ready(bucket);
    const failed = view.mutate("k", (entry) => `${entry?.text()}${"x".repeat(20)}`);
    const kept = view.mutate("k", (entry) => `${entry?.text()}b`);
    equal(view.get("k")?.text(), `a${"x".repeat(20)}b`);
    await rejects(failed, { code: "HTTP_413" });
    equal(view.get("k")?.text(), "ab");
    equal(view.get("k")?.pending, true);
    await kept;
    deepEqual(shown(view), [{ key: "k", value: btoa("ab"), revision: 2 }]);
    const thrown = new Error("the application's own");
    /** @type {(string | undefined)[]} */
    const calls = [];
    const throwing = view.mutate("k", (entry) => {
      calls.push(entry?.text());
      throw thrown;
    });
    equal(view.get("k")?.text(), "ab");
    equal(await throwing.catch((error) => error), thrown);
    deepEqual([calls.length >= 2, view.get("k")?.pending], [true, undefined]);
    const aborted = AbortSignal.abort(thrown);
    const late = view.mutate("k", () => "late", { signal: aborted });
    equal(view.get("k")?.text(), "late");
    equal(await late.catch((error) => error), thrown);
    equal(view.get("k")?.text(), "ab");
    equal(view.error, undefined);
  },

  async "KV_DELETE removes the key at once; undefined changes nothing"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("k", "a");
    await bucket.put("other", "b");
    const view = await ready(bucket, { key: "k" });
    deepEqual(await view.mutate("k", () => undefined), { revision: 1 });
    deepEqual(shown(view), [{ key: "k", value: btoa("a"), revision: 1 }]);
    const deleted = view.mutate("k", () => KV_DELETE);
    const created = view.mutate("k", (entry) => (entry ? "not deleted" : "new"));
    deepEqual(shown(view), [{ key: "k", value: btoa("new"), revision: 0, pending: true }]);
    deepEqual(await deleted, { revision: 3 });
    deepEqual(await created, { revision: 4 });
    equal(view.get("k")?.text(), "new");
    await view.mutate("k", () => KV_DELETE);
    equal(view.size, 0);
    await rejects(bucket.get("k"), keyNotFound);
  },

  async "a key that the view does not show, and a view that is not ready, are written only"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("a.1", 5);
    const view = bucket.view({ key: ["a.*", "b"] });
    const early = view.mutate("a.1", add);
    equal(view.size, 0);
    await early;
    await view.ready;
    await until(view, () => view.get("a.1")?.json() === 6);
    await view.mutate("a.1.x", add);
    await view.mutate("c", add);
    deepEqual(view.keys(), ["a.1"]);
    const shown = view.mutate("b", add);
    equal(view.get("b")?.pending, true);
    await shown;
    equal((await bucket.get("c")).json(), 1);
    view.stop();
    await view.mutate("a.1", add);
    equal(view.get("a.1")?.json(), 6);
    equal((await bucket.get("a.1")).json(), 7);
  },

  async "configure() rejects the mutations that wait, and shows none"(t) {
    const client = t.client();
    const { bucket, name } = await t.bucket({}, client);
    await bucket.put("k", 0);
    const view = await ready(bucket);
    const [first, second] = [view.mutate("k", add), view.mutate("k", add)];
    equal(view.get("k")?.json(), 2);
    first.catch(() => {});
    const rejected = rejects(second, {
      name: "AbortError",
      message: "the client was reconfigured",
    });
    client.configure({ ...t.config, environment: t.newEnvironment() });
    equal(view.get("k")?.json(), 0);
    await rejected;
    await client.kv().createBucket({ name });
    await client.kv().bucket(name).put("k", 10);
    // It may be ready before the put, with the empty bucket.
    await until(view, () => view.get("k")?.json() === 10);
    deepEqual(shown(view), [{ key: "k", value: btoa("10"), revision: 1 }]);
  },

  async "the function gets decoded entries, when it is shown and when it is written"(t) {
    const { kv, name } = await t.bucket();
    const bucket = kv.bucket(name, { decode: "json" });
    await bucket.put("k", { n: 1 });
    const view = await ready(bucket);
    const change = (/** @type {any} */ entry) => ({ n: entry.value.n + 1 });
    await Promise.all([view.mutate("k", change), view.mutate("k", change)]);
    deepEqual(view.get("k")?.value, { n: 3 });
    deepEqual((await bucket.get("k")).value, { n: 3 });
  },

  async "an error is reported to onError handlers, as that of a modify"(t) {
    const client = t.client();
    const { bucket } = await t.bucket({ maxValueSize: 10 }, client);
    const view = await ready(bucket);
    /** @type {unknown[]} */
    const reported = [];
    client.onError((error, { operation, key }) => reported.push([error.code, operation, key]));
    await rejects(
      view.mutate("k", () => "x".repeat(20)),
      { code: "HTTP_413" },
    );
    deepEqual(reported, [["HTTP_413", "modify", "k"]]);
  },

  async "bad arguments reject"(t) {
    const { bucket } = await t.bucket();
    const view = /** @type {any} */ (await ready(bucket));
    for (const args of [
      [],
      ["k"],
      ["k", "value"],
      ["", add],
      ["k", add, { timeout: -1 }],
      [1, add],
    ]) {
      isError(await view.mutate(...args).catch((/** @type {unknown} */ error) => error), {
        code: "VALIDATION_ERROR",
      });
    }
    const value = await view
      .mutate("k", () => Number.NaN)
      .catch((/** @type {any} */ error) => error);
    equal(value.code, "VALIDATION_ERROR");
    equal(view.size, 0);
  },
};
