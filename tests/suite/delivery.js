// That every event after watch() has returned is delivered, whatever else is running, and that what one
// callback does with an event changes nothing for the others.

import { deepEqual, equal } from "./assert.js";
import { observe, watching } from "./context.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Bucket} Bucket
 * @typedef {import("./context.js").Event} Event
 */

/** @param {Event[]} events */
const changes = (events) => events.map((e) => `${e.key} ${e.operation} ${e.text()}`.trim());

/** Where a watch may begin: with no other, beside others of all keys, of the same key, of another key. */
const BESIDE = { none: [], "all keys": [">"], "the same key": ["k"], "another key": ["other"] };

/**
 * Begins a watch of the key `k` and writes in the same task, in each of the situations.
 *
 * @type {Record<string, (bucket: Bucket, options: { key: string }) => Promise<ReturnType<typeof observe>>>}
 */
const SITUATIONS = {
  async "in the same task"(bucket, options) {
    const seen = observe(bucket, options);
    bucket.put("k", "1");
    return seen;
  },
  async "after a write that is still under way"(bucket, options) {
    bucket.put("other", "0");
    const seen = observe(bucket, options);
    bucket.put("k", "1");
    return seen;
  },
  "inside the callback onUpdate of another watch"(bucket, options) {
    return new Promise((resolve) => {
      const outer = bucket.watch({
        onUpdate: () => {
          outer.stop();
          const seen = observe(bucket, options);
          bucket.put("k", "1");
          resolve(seen);
        },
      });
      bucket.put("first", "0");
    });
  },
  "inside the callback onUpdate of a watch that goes on"(bucket, options) {
    return new Promise((resolve) => {
      let begun = false;
      bucket.watch({
        onUpdate: () => {
          if (begun) return;
          begun = true;
          const seen = observe(bucket, options);
          bucket.put("k", "1");
          resolve(seen);
        },
      });
      bucket.put("first", "0");
    });
  },
  "inside the callback onReady"(bucket, options) {
    return new Promise((resolve) => {
      bucket.watch({
        onUpdate: () => {},
        onReady: () => {
          const seen = observe(bucket, options);
          bucket.put("k", "1");
          resolve(seen);
        },
      });
    });
  },
};

/** What a callback may do to its event. @type {Record<string, (event: any) => void>} */
const MUTATIONS = {
  "decodes the value in place": (event) => {
    event.value = JSON.parse(atob(event.value));
  },
  "empties every field": (event) => {
    for (const name of Object.keys(event)) event[name] = undefined;
  },
  "deletes every field": (event) => {
    for (const name of Object.keys(event)) delete event[name];
  },
  "turns a put into a delete": (event) => {
    event.operation = "delete";
    event.revision = 1e9;
  },
  "replaces its prototype": (event) => void Object.setPrototypeOf(event, null),
  "freezes it": (event) => void Object.freeze(event),
};

/** @type {import("./context.js").Cases} */
const cases = {};

for (const [beside, keys] of Object.entries(BESIDE)) {
  for (const [situation, begin] of Object.entries(SITUATIONS)) {
    cases[`a write ${situation} is delivered, with a watch of ${beside} running`] = async (t) => {
      // On a server a watch is complete from onReady on; there the write may come before the socket is open.
      if (t.onServer) return;
      const { bucket } = await t.bucket();
      for (const key of keys) await watching(bucket, { key });
      const seen = await begin(bucket, { key: "k" });
      deepEqual(changes(await seen.received(1)), ["k put 1"]);
    };
  }
}

for (const [mutation, mutate] of Object.entries(MUTATIONS)) {
  cases[`a watch that ${mutation} changes nothing for other watches and views`] = async (t) => {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("k", { n: 0 });
    /** @type {any} */
    const decoding = kv.bucket(name, { decode: "json" });
    const view = bucket.view();
    await view.ready;
    const rude = observe(bucket, { initial: true }, { onUpdate: mutate });
    await rude.ready();
    const [plain, decoded] = [
      observe(bucket, { initial: true }),
      observe(decoding, { initial: true }),
    ];
    const late = observe(bucket, {}, { onUpdate: mutate });
    for (const each of [plain, decoded, late]) await each.ready();
    const { revision } = await bucket.put("k", { n: 1 });
    await view.waitFor(revision);
    deepEqual(changes(await plain.received(2)), ['k put {"n":0}', 'k put {"n":1}']);
    deepEqual(
      (await decoded.received(2)).map((event) => event.value),
      [{ n: 0 }, { n: 1 }],
    );
    deepEqual(view.get("k")?.json(), { n: 1 });
    deepEqual((await bucket.get("k")).json(), { n: 1 });
    equal(view.get("k")?.revision, revision);
    view.stop();
  };
}

cases["a watch that a callback stops gets no more of an event, and the others all of it"] = async (
  t,
) => {
  const { bucket } = await t.bucket();
  const before = await watching(bucket);
  /** @type {Awaited<ReturnType<typeof watching>>[]} */
  const stopped = [];
  const stopping = await watching(
    bucket,
    {},
    { onUpdate: () => stopped.forEach(({ watcher }) => void watcher.stop()) },
  );
  for (const key of [">", "k"]) stopped.push(await watching(bucket, { key }));
  const after = await watching(bucket);
  const all = [before, stopping, after];
  for (const value of ["1", "2"]) {
    await bucket.put("k", value);
    for (const each of all) await each.received(Number(value));
  }
  const late = await watching(bucket);
  await bucket.put("k", "3");
  deepEqual(changes(await late.received(1)), ["k put 3"]);
  for (const each of all) {
    deepEqual(changes(await each.received(3)), ["k put 1", "k put 2", "k put 3"]);
  }
  for (const each of stopped) deepEqual(changes(each.events), []);
};

cases[
  "what an application does to an entry, a list or a snapshot changes nothing for later reads"
] = async (t) => {
  const { bucket, kv, name } = await t.bucket();
  await bucket.put("k", "1");
  const view = bucket.view();
  await view.ready;
  /** @type {any[]} */
  const results = [
    await bucket.get("k"),
    await bucket.listKeys(),
    await kv.getBucketInfo(name),
    await kv.listBuckets(),
    view.keys(),
    [...view.entries()],
  ];
  for (const result of results) {
    for (const field of Object.keys(result)) result[field] = undefined;
  }
  equal((await bucket.get("k")).text(), "1");
  deepEqual(await bucket.listKeys(), ["k"]);
  equal((await kv.getBucketInfo(name)).name, name);
  deepEqual(view.keys(), ["k"]);
  equal(view.get("k")?.text(), "1");
  view.stop();
};

export const delivery = cases;
