// Views: replicas that follow their bucket.

import { deepEqual, equal, isError, ok, rejects, throws } from "./assert.js";
import { invalid } from "./expected.js";

/**
 * @typedef {import("./context.js").Bucket} Bucket
 * @typedef {import("../../src/client/types.d.ts").KVView<any>} View
 */

/** A view that is ready. @param {Bucket} bucket @param {Parameters<Bucket["view"]>} options */
export async function ready(bucket, ...options) {
  const view = bucket.view(...options);
  await view.ready;
  return view;
}

/** Until something holds of a view. @param {View} view @param {() => boolean} condition @returns {Promise<void>} */
export const until = (view, condition) =>
  new Promise((resolve) => {
    const unsubscribe = view.subscribe(look);
    function look() {
      if (!condition()) return;
      unsubscribe();
      resolve();
    }
    look();
  });

/** @param {View | ReturnType<View["getSnapshot"]>} content */
export const held = (content) =>
  Object.fromEntries(
    content
      .entries()
      .map((entry) => [entry.key, `${entry.text()} ${entry.revision}`])
      .sort(),
  );

/** @type {import("./context.js").Cases} */
export const views = {
  async "a view holds what there is, and follows it"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("a", "1");
    await bucket.put("b", "2");
    await bucket.put("gone", "3");
    await bucket.delete("gone");
    const view = await ready(bucket);
    deepEqual(held(view), { a: "1 1", b: "2 2" });
    await bucket.put("a", "5");
    await bucket.create("c", "6");
    await bucket.delete("b");
    const { revision } = await bucket.put("last", "8");
    await view.waitFor(revision);
    deepEqual(held(view), { a: "5 5", c: "6 6", last: "8 8" });
    equal(view.size, 3);
    deepEqual(view.keys().sort(), ["a", "c", "last"]);
    deepEqual([view.has("a"), view.has("b"), view.has("missing")], [true, false, false]);
    equal(view.get("b"), undefined);
    const { key, value, revision: read } = view.get("a") ?? {};
    deepEqual([key, value, read], ["a", btoa("5"), 5]);
    equal(view.error, undefined);
  },

  async "a view of keys or patterns holds what matches"(t) {
    const { bucket } = await t.bucket();
    for (const key of ["user.1", "user.1.name", "flag", "other"]) await bucket.put(key, "1");
    const exact = await ready(bucket, { key: "flag" });
    const some = await ready(bucket, { key: ["user.*", "flag", "user.1"] });
    const none = await ready(bucket, { key: "unused.>" });
    await bucket.put("user.2", "2");
    const { revision } = await bucket.put("flag", "2");
    for (const view of [exact, some, none]) await view.waitFor(revision);
    deepEqual(held(exact), { flag: "2 6" });
    deepEqual(held(some), { flag: "2 6", "user.1": "1 1", "user.2": "2 5" });
    deepEqual([none.size, none.status], [0, "ready"]);
  },

  async "a view of a typed handle holds decoded values; a key whose value does not decode leaves"(
    t,
  ) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("a", { n: 1 });
    await bucket.put("b", { n: 2 });
    const view = await ready(kv.bucket(name, { decode: "json" }));
    deepEqual(view.get("a")?.value, { n: 1 });
    deepEqual(view.get("a")?.text(), '{"n":1}');
    const { created_at } = await bucket.get("a");
    deepEqual({ ...view.get("a") }, { key: "a", value: { n: 1 }, revision: 1, created_at });
    const bad = await bucket.put("a", "no json");
    await view.waitFor(bad.revision);
    deepEqual(view.keys(), ["b"]);
    isError(view.error, invalid(/value of a cannot be read as json/));
    equal(view.status, "ready");
    const good = await bucket.put("a", { n: 4 });
    await view.waitFor(good.revision);
    deepEqual(view.get("a")?.value, { n: 4 });
    equal(view.error, undefined);
  },

  async "getSnapshot() is the same until something changes, and never changes itself"(t) {
    const { bucket } = await t.bucket();
    const first = bucket.view();
    const loading = first.getSnapshot();
    deepEqual([loading.status, loading.size], ["loading", 0]);
    await bucket.put("a", "1");
    const view = await ready(bucket);
    const before = view.getSnapshot();
    equal(view.getSnapshot(), before);
    equal(before.entries(), before.entries());
    await view.waitFor((await bucket.put("a", "2")).revision);
    const after = view.getSnapshot();
    ok(after !== before);
    equal(view.getSnapshot(), after);
    await view.waitFor((await bucket.put("b", "3")).revision);
    await bucket.delete("a");
    await until(view, () => !view.has("a"));
    deepEqual([loading.status, loading.size], ["loading", 0]);
    deepEqual(held(before), { a: "1 1" });
    deepEqual(held(after), { a: "2 2" });
    deepEqual([after.has("b"), after.keys(), after.size], [false, ["a"], 1]);
    equal(after.get("a")?.text(), "2");
    deepEqual(held(view.getSnapshot()), { b: "3 3" });
    deepEqual([after.state, after.status, after.error], ["connected", "ready", undefined]);
  },

  async "subscribers are called once for simultaneous changes, and one that throws affects no other"(
    t,
  ) {
    /** @type {unknown[]} */
    const logged = [];
    const client = t.client({ logger: { error: (...values) => logged.push(values[1]) } });
    const { bucket } = await t.bucket({}, client);
    const view = await ready(bucket);
    const thrown = new Error("a broken subscriber");
    let calls = 0;
    let most = 0;
    view.subscribe(() => {
      throw thrown;
    });
    const count = () => {
      calls += 1;
      most = Math.max(most, view.size);
    };
    const unsubscribe = view.subscribe(count);
    await Promise.all(["a", "b", "c", "d"].map((key) => bucket.put(key, "1")));
    await until(view, () => view.size === 4);
    await Promise.resolve();
    ok(calls >= 1 && calls <= 4, `${calls} calls`);
    equal(most, 4);
    // All of it at once: the state and the end.
    const before = calls;
    view.stop();
    equal(calls, before, "nothing is called back from inside a call");
    await Promise.resolve();
    equal(calls, before + 1);
    unsubscribe();
    unsubscribe();
    deepEqual(logged, Array(calls).fill(thrown));
    throws(() => view.subscribe(/** @type {any} */ (undefined)), invalid(/must be a function/));
  },

  async "waitFor() waits for what was written, or for what took its place"(t) {
    const { buckets } = await t.shared(2);
    const [bucket, writer] = buckets;
    ok(bucket && writer);
    const old = await writer.put("a", "0");
    const view = bucket.view({ key: ["a", "b"] });
    await view.waitFor(old.revision);
    equal(view.get("a")?.text(), "0");
    for (let n = 1; n <= 20; n += 1) {
      const { revision } = await writer.put("a", String(n));
      await view.waitFor(revision);
      equal(view.get("a")?.text(), String(n));
    }
    const superseded = await writer.put("a", "superseded");
    const last = await writer.put("a", "last");
    await view.waitFor(superseded.revision);
    await view.waitFor(last.revision);
    equal(view.get("a")?.text(), "last");
    await view.waitFor(superseded.revision);
    const deleted = await writer.put("b", "1");
    await writer.delete("b");
    await view.waitFor(deleted.revision + 1);
    equal(view.has("b"), false);
    await view.waitFor(deleted.revision);
    await view.waitFor(0);
  },

  async "waitFor() holds over a lost connection, and the view catches up"(t) {
    if (!t.onServer) return;
    const client = t.client({ reconnect: { backoff: { initial: 1, max: 1 } } });
    const { bucket } = await t.bucket({}, client);
    await bucket.put("a", "1");
    await bucket.put("b", "2");
    const sockets = t.sockets();
    const view = await ready(bucket);
    sockets[0]?.close();
    await until(view, () => view.state === "reconnecting");
    isError(view.error, { code: "CONNECTION_LOST", retryable: true });
    const superseded = await bucket.put("a", "3");
    const last = await bucket.put("a", "4");
    await bucket.delete("b");
    for (const revision of [superseded.revision, last.revision, last.revision + 1]) {
      await view.waitFor(revision);
    }
    deepEqual(held(view), { a: "4 4" });
    await until(view, () => view.state === "connected");
    equal(view.error, undefined);
    equal(sockets.length, 2);
  },

  async "waitFor() does not wait for a key that does not match"(t) {
    const { bucket } = await t.bucket();
    const view = await ready(bucket, { key: "a.*" });
    const { revision } = await bucket.put("b", "1");
    await view.waitFor(revision);
    await view.waitFor(revision);
    equal(view.size, 0);
  },

  async "waitFor() ends for a key that has expired"(t) {
    const { bucket } = await t.bucket({ ttlSeconds: 1 });
    await bucket.put("a", "1");
    const view = await ready(bucket, { key: "a" });
    equal(view.size, 1);
    while ((await bucket.listKeys()).length > 0) await view.ready;
    await view.waitFor((await bucket.put("b", "2")).revision);
    equal(view.size, 0);
  },

  async "waitFor() ends with its signal, its time limit, or the view"(t) {
    const { bucket } = await t.bucket();
    const controller = new AbortController();
    const view = bucket.view();
    // No client has written it yet.
    const pending = view.waitFor(5, { signal: controller.signal });
    controller.abort("enough");
    equal(await pending.catch((reason) => reason), "enough");
    equal(
      await view.waitFor(5, { signal: AbortSignal.abort("no") }).catch((reason) => reason),
      "no",
    );
    const late = await rejects(view.waitFor(5, { timeout: 1 }), {
      name: "TimeoutError",
      code: "TIMEOUT",
      retryable: true,
      message: "revision 5 did not arrive within 1 ms",
      timeoutMs: 1,
    });
    ok(late instanceof t.IronflowError);
    const ended = view.waitFor(5);
    view.stop();
    await rejects(ended, { name: "AbortError" });
    await rejects(view.waitFor(5), { name: "AbortError" });
  },

  async "bad arguments are ValidationErrors"(t) {
    const { bucket } = await t.bucket();
    for (const [options, words] of /** @type {[any, RegExp][]} */ ([
      [{ key: "a..b" }, /./],
      [{ key: 5 }, /key must be a string/],
      [{ key: [] }, /key must hold at least one pattern/],
      [{ initial: true }, /unknown option initial/],
      ["a", /options must be an object/],
    ])) {
      throws(() => bucket.view(options), invalid(words));
    }
    const view = await ready(bucket, /** @type {any} */ (null));
    for (const [revision, options, words] of /** @type {[any, any, RegExp][]} */ ([
      ["5", undefined, /revision must be a whole number/],
      [-1, undefined, /revision must be a whole number/],
      [1.5, undefined, /revision must be a whole number/],
      [1, { timeout: 0 }, /timeout must be a number of milliseconds/],
      [1, { timeout: "1" }, /timeout must be a number of milliseconds/],
      [1, { signal: {} }, /signal must be an AbortSignal/],
      [1, { retry: true }, /unknown option retry/],
      [1, 5, /options must be an object/],
    ])) {
      await rejects(view.waitFor(revision, options), invalid(words));
    }
  },

  async "a view that is stopped keeps what it held, and says so"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("a", "1");
    const view = await ready(bucket);
    deepEqual([view.state, view.status, view.error], ["connected", "ready", undefined]);
    const fence = await ready(bucket);
    view.stop();
    view.stop();
    await fence.waitFor((await bucket.put("a", "2")).revision);
    deepEqual(held(view), { a: "1 1" });
    deepEqual([view.state, view.status, view.error], ["disconnected", "closed", undefined]);
    equal(view.getSnapshot().status, "closed");
    const unopened = bucket.view();
    unopened.stop();
    await rejects(unopened.ready, { name: "AbortError" });
    if (Symbol.dispose) {
      fence[Symbol.dispose]();
      equal(fence.status, "closed");
    }
  },
};
