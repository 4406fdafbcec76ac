// What a watch offers beyond its changes: the entries there are, its state, iteration, signals, several
// patterns, and one connection for all of a bucket's watches.

import { deepEqual, equal, isError, ok, rejects, throws } from "./assert.js";
import { observe, watching as open } from "./context.js";
import { invalid } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Event} Event
 */

/** @param {Event[]} events */
const summary = (events) => events.map((e) => `${e.key} ${e.operation} ${e.text()}`.trim());

/** @type {import("./context.js").Cases} */
export const feeds = {
  async "initial: the entries there are come first, then onReady, then the changes"(t) {
    const { bucket } = await t.bucket();
    for (const key of ["a", "b", "c"]) await bucket.put(key, `${key}1`);
    await bucket.delete("b");
    const seen = await open(bucket, { initial: true });
    deepEqual(summary(seen.events).sort(), ["a put a1", "c put c1"]);
    deepEqual(seen.calls, ["onUpdate", "onUpdate", "onReady"]);
    const event = seen.events.find(({ key }) => key === "a");
    deepEqual({ ...event }, { ...event, type: "kv_update", key: "a", revision: 1, value: "YTE=" });
    await bucket.put("a", "a2");
    await bucket.delete("c");
    const events = await seen.received(4);
    deepEqual(summary(events.slice(2)), ["a put a2", "c delete"]);
    ok(
      events.every((each) => !("resynced" in each)),
      "nothing was missed",
    );
  },

  async "events and the entries of views have the time of the write that a read has"(t) {
    const { bucket } = await t.bucket({ history: 5 });
    await bucket.put("a", "1");
    const seen = await open(bucket, { initial: true });
    const view = bucket.view();
    await view.ready;
    const first = await bucket.get("a");
    deepEqual(
      [seen.events[0]?.created_at, view.get("a")?.created_at],
      Array(2).fill(first.created_at),
    );
    const since = Date.now();
    const { revision } = await bucket.put("a", "2");
    const second = await bucket.get("a");
    await view.waitFor(revision);
    equal(view.get("a")?.created_at, t.hasEventTimes ? second.created_at : undefined);
    await bucket.delete("a");
    const deleted = (await bucket.history("a")).at(-1);
    const [, put, removal] = await seen.received(3);
    const known = [put?.created_at, removal?.created_at];
    if (!t.hasEventTimes) {
      deepEqual(known, [undefined, undefined]);
      equal("created_at" in (put ?? {}), false, "it is left out where it is not known");
    } else deepEqual(known, [second.created_at, deleted?.created_at]);
    // The clock of the server may be another one.
    ok(Math.abs(Date.parse(second.created_at) - since) < 3_600_000, second.created_at);
    ok(Date.parse(second.created_at) >= Date.parse(first.created_at));
    view.stop();
  },

  async "initial: an empty bucket is ready at once, a key or pattern limits the entries"(t) {
    const { bucket } = await t.bucket();
    const empty = await open(bucket, { initial: true });
    for (const key of ["user.1", "user.2", "flag"]) await bucket.put(key, "1");
    const one = await open(bucket, { initial: true, key: "user.1" });
    const some = await open(bucket, { initial: true, key: "user.*" });
    const none = await open(bucket, { initial: true, key: "missing" });
    deepEqual(summary(one.events), ["user.1 put 1"]);
    deepEqual(summary(some.events).sort(), ["user.1 put 1", "user.2 put 1"]);
    deepEqual(none.events, []);
    equal((await empty.received(3)).length, 3);
  },

  async "initial: nothing is lost or repeated while others write"(t) {
    const { bucket } = await t.bucket();
    const keys = Array.from({ length: 40 }, (_, n) => `key-${n}`);
    await Promise.all(keys.map((key) => bucket.put(key, "0")));
    const writing = Promise.all(
      keys.map(async (key) => {
        for (const value of ["1", "2", "3"]) await bucket.put(key, value);
      }),
    );
    const seen = observe(bucket, { initial: true });
    await writing;
    const last = () => new Map(seen.events.map((event) => [event.key, event.text()]));
    await seen.until(() => keys.every((key) => last().get(key) === "3"));
    await seen.ready();
    for (const key of keys) {
      const revisions = seen.events.filter((e) => e.key === key).map((e) => e.revision);
      deepEqual(
        revisions,
        [...new Set(revisions)].sort((a, b) => a - b),
        key,
      );
    }
  },

  async "several patterns are one watch, and an event that more than one matches comes once"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("user.1", "0");
    const seen = await open(bucket, { key: ["user.*", "*.1", "flag"], initial: true });
    for (const key of ["user.1", "order.1", "order.2", "flag", "user.2"])
      await bucket.put(key, "1");
    deepEqual(summary(await seen.received(5)), [
      "user.1 put 0",
      "user.1 put 1",
      "order.1 put 1",
      "flag put 1",
      "user.2 put 1",
    ]);
  },

  async "what one watch does with an event keeps it from no other, also where memory has to grow"(
    t,
  ) {
    const { bucket, kv } = await t.bucket();
    // So long a name is copied before it is found to be none.
    const onUpdate = () => throws(() => kv.bucket("n".repeat(5_000_000)), invalid());
    const seen = [observe(bucket, {}, { onUpdate }), observe(bucket), observe(bucket)];
    for (const each of seen) await each.ready();
    await bucket.put("key", "1");
    for (const each of seen) deepEqual(summary(await each.received(1)), ["key put 1"]);
  },

  async "the state goes from connecting to connected to disconnected"(t) {
    const { bucket } = await t.bucket();
    /** @type {string[]} */
    const states = [];
    const seen = observe(bucket, {}, { onStateChange: (state) => states.push(state) });
    equal(seen.watcher.state, "connecting");
    await seen.ready();
    equal(seen.watcher.state, "connected");
    deepEqual(states, ["connected"]);
    seen.watcher.stop();
    equal(seen.watcher.state, "disconnected");
    deepEqual(states, ["connected", "disconnected"]);
    deepEqual(seen.calls, ["onReady", "onClose"]);
  },

  async "ready is a promise of the same, and is rejected where the watch ends before"(t) {
    const { bucket, kv } = await t.bucket();
    const watcher = bucket.watch({ initial: true });
    equal(await watcher.ready, undefined);
    equal(await watcher.ready, undefined);
    watcher.stop();
    const stopped = bucket.watch();
    const ready = stopped.ready;
    stopped.stop();
    equal((await rejects(ready)).name, "AbortError");
    const missing = kv.bucket(t.newBucketName()).watch();
    isError(await rejects(missing.ready), { code: "HTTP_404" });
  },

  async "without callbacks a watch is iterated over, and loses nothing to a slow loop"(t) {
    const { bucket } = await t.bucket();
    const watcher = bucket.watch({ key: "user.>" });
    await watcher.ready;
    for (let n = 0; n < 5; n += 1) await bucket.put(`user.${n}`, "1");
    await bucket.put("flag", "1");
    await bucket.put("user.end", "1");
    /** @type {string[]} */
    const keys = [];
    for await (const event of watcher) {
      keys.push(event.key);
      await new Promise((resolve) => setTimeout(resolve));
      if (event.key === "user.end") break;
    }
    deepEqual(keys, ["user.0", "user.1", "user.2", "user.3", "user.4", "user.end"]);
    equal(watcher.state, "disconnected", "leaving the loop stops the watch");
    deepEqual(await watcher[Symbol.asyncIterator]().next(), { value: undefined, done: true });
  },

  async "stop() ends the loop after what has arrived"(t) {
    const { bucket } = await t.bucket();
    const watcher = bucket.watch();
    await watcher.ready;
    const fence = await open(bucket);
    await bucket.put("a", "1");
    await bucket.put("b", "1");
    await fence.received(2);
    watcher.stop();
    /** @type {string[]} */
    const keys = [];
    for await (const event of watcher) keys.push(event.key);
    deepEqual(keys, ["a", "b"]);
    const waiting = bucket.watch();
    const next = waiting[Symbol.asyncIterator]().next();
    waiting.stop();
    deepEqual(await next, { value: undefined, done: true });
  },

  async "what ends the watch is thrown in the loop, after what has arrived, once"(t) {
    const { bucket, kv, name } = await t.bucket();
    const watcher = bucket.watch();
    await watcher.ready;
    const fence = await open(bucket);
    await bucket.put("a", "1");
    await fence.received(1);
    await kv.deleteBucket(name);
    await fence.closed();
    const iterator = watcher[Symbol.asyncIterator]();
    equal((await iterator.next()).value.key, "a");
    isError(await rejects(iterator.next()), { code: "HTTP_404" });
    deepEqual(await iterator.next(), { value: undefined, done: true });
  },

  async "a watch with callbacks can be iterated over from then on"(t) {
    const { bucket } = await t.bucket();
    const seen = await open(bucket);
    await bucket.put("a", "1");
    await seen.received(1);
    const iterator = seen.watcher[Symbol.asyncIterator]();
    await bucket.put("b", "1");
    equal((await iterator.next()).value.key, "b");
    equal(seen.events.length, 2);
  },

  async "a watch that is over can be iterated over, and says why"(t) {
    const { bucket, kv } = await t.bucket();
    const stopped = await open(bucket);
    stopped.watcher.stop();
    const end = { value: undefined, done: true };
    deepEqual(await stopped.watcher[Symbol.asyncIterator]().next(), end);
    const refused = observe(kv.bucket(t.newBucketName()));
    await refused.closed();
    isError(await rejects(refused.watcher[Symbol.asyncIterator]().next()), { code: "HTTP_404" });
  },

  async "a new watch can be started in any callback of one that ends"(t) {
    const { bucket } = await t.bucket();
    for (const name of ["onUpdate", "onClose"]) {
      /** @type {ReturnType<typeof observe> | undefined} */
      let again;
      const first = observe(
        bucket,
        {},
        {
          [name]() {
            first.watcher.stop();
            again ??= observe(bucket);
          },
        },
      );
      await first.ready();
      await bucket.put("a", "1");
      if (name === "onClose") first.watcher.stop();
      await first.closed();
      ok(again);
      await again.ready();
      await bucket.put("a", "2");
      const seen = again;
      await seen.until(() => seen.events.at(-1)?.text() === "2");
      seen.watcher.stop();
    }
  },

  async "watches that are ended together may stop each other"(t) {
    const { bucket, kv, name } = await t.bucket();
    /** @type {ReturnType<typeof observe>[]} */
    const watches = [];
    const stopAll = () => {
      for (const { watcher } of watches) watcher.stop();
    };
    for (let n = 0; n < 3; n += 1) watches.push(await open(bucket, {}, { onError: stopAll }));
    await kv.deleteBucket(name);
    for (const seen of watches) await seen.closed();
    deepEqual(
      watches.map(({ calls }) => calls),
      [
        ["onReady", "onError", "onClose"],
        ["onReady", "onClose"],
        ["onReady", "onClose"],
      ],
    );
  },

  async "a stopped watch calls no callback and no error handler"(t) {
    const client = t.client();
    const { bucket, kv, name } = await t.bucket({}, client);
    /** @type {unknown[]} */
    const reported = [];
    client.onError((error) => reported.push(error));
    const seen = await open(bucket);
    const other = t.onServer ? await open(t.client().kv().bucket(name)) : undefined;
    seen.watcher.stop();
    await kv.deleteBucket(name);
    await other?.closed();
    await kv.listBuckets();
    deepEqual(reported, []);
  },

  async "a signal stops the watch; one that is aborted already lets nothing begin"(t) {
    const { bucket } = await t.bucket();
    const controller = new AbortController();
    const seen = await open(bucket, { signal: controller.signal });
    const fence = await open(bucket);
    controller.abort("enough");
    deepEqual(seen.calls, ["onReady", "onClose"]);
    await bucket.put("a", "1");
    await fence.received(1);
    deepEqual(seen.calls, ["onReady", "onClose"]);

    const sent = t.network();
    const early = observe(bucket, { signal: controller.signal });
    deepEqual(early.calls, []);
    await early.closed();
    deepEqual(early.calls, ["onClose"]);
    equal(await rejects(bucket.watch({ signal: controller.signal }).ready), "enough");
    for await (const event of bucket.watch({ signal: controller.signal })) ok(!event);
    deepEqual(sent, { requests: [], sockets: [] });
  },

  async "using disposes of a watch"(t) {
    const { bucket } = await t.bucket();
    const seen = await open(bucket);
    if (!Symbol.dispose) return;
    seen.watcher[Symbol.dispose]();
    deepEqual(seen.calls, ["onReady", "onClose"]);
  },

  async "a thousand watches of a bucket hold one socket"(t) {
    const { bucket } = await t.bucket();
    const sockets = t.onServer ? t.sockets() : [];
    const watches = Array.from({ length: 1000 }, (_, n) => observe(bucket, { key: `user.${n}` }));
    for (const seen of watches) await seen.ready();
    await bucket.put("user.7", "1");
    await bucket.put("user.999", "1");
    await watches[999]?.received(1);
    deepEqual(
      watches.flatMap(({ events }, n) => (events.length > 0 ? [n] : [])),
      [7, 999],
    );
    if (!t.onServer) return;
    const open = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN);
    equal(open.length, 1);
    equal(new URL(open[0]?.url ?? "").searchParams.get("key"), "user.*");
  },

  async "a wider watch takes the narrow one's connection over, and nothing is lost"(t) {
    const { bucket } = await t.bucket();
    const sockets = t.onServer ? t.sockets() : [];
    const narrow = await open(bucket, { key: "user.1" });
    const wide = observe(bucket, { key: "flag.*" });
    for (let n = 0; n < 20; n += 1) await bucket.put("user.1", String(n));
    await wide.ready();
    await bucket.put("flag.a", "1");
    await bucket.put("user.1", "end");
    await narrow.until(() => narrow.events.at(-1)?.text() === "end");
    const revisions = narrow.events.map(({ revision }) => revision);
    deepEqual(
      revisions,
      [...new Set(revisions)].sort((a, b) => a - b),
    );
    deepEqual(summary(wide.events), ["flag.a put 1"]);
    deepEqual(narrow.errors, []);
    const open_ = sockets.filter(({ readyState }) => readyState === WebSocket.OPEN);
    if (t.onServer) equal(open_.length, 1);
  },
};
