// modify(): reads, changes and writes, and retries after a conflict.

import { deepEqual, equal, fail, rejects } from "./assert.js";
import {
  bucketNotFound,
  invalid,
  keyExists,
  revisionMismatch,
  timedOut,
  valueTooLarge,
} from "./expected.js";

/**
 * @typedef {import("./context.js").Bucket} Bucket
 * @typedef {import("./context.js").Entry} Entry
 */

/** @param {Entry} [entry] */
const next = (entry) => Number(entry?.text() ?? 0) + 1;

/** A change during which another client writes. @param {Bucket} bucket @param {() => Promise<unknown>} write */
function disturbed(bucket, write) {
  /** @type {(number | undefined)[]} */
  const seen = [];
  return {
    seen,
    /** @param {Entry} [entry] */
    async change(entry) {
      seen.push(entry?.revision);
      if (seen.length === 1) await write();
      return next(entry);
    },
    value: async () => (await bucket.get("key")).text(),
  };
}

/** Decides what Math.random() gives. @param {import("./context.js").Context} t @param {() => number} random */
function stubRandom(t, random) {
  const get = (/** @type {any} */ math, /** @type {string} */ name) =>
    name === "random" ? random : Reflect.get(math, name);
  t.stub("Math", new Proxy(Math, { get }));
}

/** @type {import("./context.js").Cases} */
const writing = {
  async "a missing key is created, an existing one updated, a deleted one created again"(t) {
    const { bucket } = await t.bucket();
    deepEqual(await bucket.modify("key", next), { revision: 1 });
    deepEqual(await bucket.modify("key", next), { revision: 2 });
    equal((await bucket.get("key")).text(), "2");
    await bucket.delete("key");
    deepEqual(await bucket.modify("key", next), { revision: 4 });
    equal((await bucket.get("key")).text(), "1");
  },

  async "the function is given the current entry, and may be async"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", { name: "Zoë" });
    /** @type {(Entry | undefined)[]} */
    const seen = [];
    const { revision } = await bucket.modify("key", async (entry) => {
      seen.push(entry);
      return { .../** @type {any} */ (entry?.json()), role: "admin" };
    });
    equal(revision, 2);
    equal(seen.length, 1);
    equal(seen[0]?.key, "key");
    equal(seen[0]?.revision, 1);
    deepEqual((await bucket.get("key")).json(), { name: "Zoë", role: "admin" });
  },

  async "undefined leaves the key alone and gives the revision that was read, or 0"(t) {
    const { bucket } = await t.bucket();
    deepEqual(await bucket.modify("key", () => undefined), { revision: 0 });
    deepEqual(await bucket.listKeys(), []);
    await bucket.put("key", "1");
    await bucket.put("other", "1");
    deepEqual(await bucket.modify("key", async () => {}), { revision: 1 });
    equal((await bucket.get("key")).revision, 1);
    deepEqual(await bucket.put("key", "2"), { revision: 3 }, "nothing was written");
  },

  async "null, false, 0 and the empty string are values"(t) {
    const { bucket } = await t.bucket();
    for (const [value, text] of /** @type {const} */ ([
      [null, "null"],
      [false, "false"],
      [0, "0"],
      ["", ""],
    ])) {
      await bucket.modify("key", () => value);
      equal((await bucket.get("key")).text(), text);
    }
  },

  async "who writes in between is read, not overwritten"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", 10);
    const { change, seen, value } = disturbed(bucket, () => bucket.put("key", 20));
    deepEqual(await bucket.modify("key", change), { revision: 3 });
    equal(await value(), "21");
    deepEqual(seen, [1, 2]);
  },

  async "who creates the key in between is read, not overwritten"(t) {
    const { bucket } = await t.bucket();
    const { change, seen, value } = disturbed(bucket, () => bucket.create("key", 5));
    await bucket.modify("key", change);
    equal(await value(), "6");
    deepEqual(seen, [undefined, 1]);
  },

  async "a key that is deleted or purged in between is created"(t) {
    for (const removal of /** @type {const} */ (["delete", "purge"])) {
      const { bucket } = await t.bucket();
      await bucket.put("key", 10);
      const { change, seen, value } = disturbed(bucket, () => bucket[removal]("key"));
      deepEqual(await bucket.modify("key", change), { revision: 3 });
      equal(await value(), "1");
      deepEqual(seen, [1, undefined]);
    }
  },

  async "after maxAttempts conflicts the last one rejects it"(t) {
    const { bucket } = await t.bucket();
    for (const maxAttempts of [1, 3]) {
      let calls = 0;
      const change = async () => {
        calls += 1;
        await bucket.put("key", calls);
        return "never";
      };
      await bucket.put("key", 0);
      await rejects(bucket.modify("key", change, { maxAttempts }), revisionMismatch);
      equal(calls, maxAttempts);
      equal((await bucket.get("key")).json(), maxAttempts);
    }
  },

  async "without maxAttempts it goes on for as many conflicts as there are"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", 0);
    stubRandom(t, () => 0);
    const CONFLICTS = 24;
    let calls = 0;
    await bucket.modify("key", async (entry) => {
      calls += 1;
      if (calls <= CONFLICTS) await bucket.put("key", calls);
      return `${entry?.text()} and mine`;
    });
    equal(calls, CONFLICTS + 1);
    equal((await bucket.get("key")).text(), `${CONFLICTS} and mine`);
  },

  async "a conflict of a creation that is the last is the one of create()"(t) {
    const { bucket } = await t.bucket();
    const change = () => bucket.put("key", 1).then(() => 2);
    await rejects(bucket.modify("key", change, { maxAttempts: 1 }), keyExists);
  },
};

/** @type {import("./context.js").Cases} */
const failing = {
  async "a function that throws or rejects does so with its very error, and nothing is written"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    for (const error of [new Error("mine"), "a string", { status: 412 }, undefined]) {
      let calls = 0;
      const throwing = () => {
        calls += 1;
        throw error;
      };
      equal(await rejects(bucket.modify("key", throwing)), error);
      equal(await rejects(bucket.modify("key", async () => throwing())), error);
      equal(calls, 2);
    }
    equal((await bucket.get("key")).revision, 1);
  },

  async "any other error rejects at once"(t) {
    const { bucket, kv } = await t.bucket({ maxValueSize: 10 });
    let calls = 0;
    const change = (/** @type {unknown} */ value) => () => {
      calls += 1;
      return value;
    };
    await rejects(bucket.modify("key", change("x".repeat(11))), valueTooLarge);
    await rejects(bucket.modify("key", change(1n)), invalid(/bigint/));
    await rejects(kv.bucket(t.newBucketName()).modify("key", change("1")), bucketNotFound);
    equal(calls, 3);
    deepEqual(await bucket.listKeys(), []);
  },

  async "bad arguments are a ValidationError, before anything is read"(t) {
    const { bucket } = await t.bucket();
    const sent = t.network();
    const never = () => fail("it was called");
    await rejects(bucket.modify("a b", never), invalid());
    for (const change of [undefined, null, "1", {}]) {
      const promise = bucket.modify("key", /** @type {any} */ (change));
      await rejects(promise, invalid(/must be a function/));
    }
    for (const maxAttempts of [0, -1, 1.5, "3", Number.NaN]) {
      const options = /** @type {any} */ ({ maxAttempts });
      await rejects(bucket.modify("key", never, options), invalid(/maxAttempts/));
    }
    await rejects(bucket.modify("key", never, /** @type {any} */ ({ attempts: 3 })), invalid());
    await rejects(bucket.modify("key", never, { timeout: -1 }), invalid(/timeout/));
    deepEqual(sent.requests, []);
  },

  async "handlers are called once for its rejection, and not for conflicts that it retried"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (...values) => reported.push(values) });
    const { bucket, name } = await t.bucket({}, client);
    const { change } = disturbed(bucket, () => bucket.put("key", 1));
    await bucket.modify("key", change);
    const mine = new Error("mine");
    await rejects(bucket.modify("key", () => Promise.reject(mine)));
    deepEqual(reported, []);
    const conflict = () => bucket.put("key", 1);
    const error = await rejects(bucket.modify("key", conflict, { maxAttempts: 1 }));
    deepEqual(reported, [[error, { operation: "modify", bucket: name, key: "key" }]]);
  },

  async "the time limit holds over everything"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    await rejects(
      bucket.modify("key", () => new Promise(() => {}), { timeout: 30 }),
      timedOut(30),
    );
    const conflict = () => bucket.put("key", "2").then(() => "3");
    const options = { timeout: 50, maxAttempts: 1_000_000 };
    await rejects(bucket.modify("key", conflict, options), timedOut(50));
  },

  async "an abort holds over everything, and then the function is not called again"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    /** @param {(controller: AbortController) => unknown} change */
    async function abortedBy(change) {
      const controller = new AbortController();
      const { signal } = controller;
      const promise = bucket.modify("key", () => change(controller), { signal });
      equal(await rejects(promise), "bye");
    }
    await abortedBy((controller) => controller.abort("bye"));
    await abortedBy(async (controller) => {
      controller.abort("bye");
      return new Promise(() => {});
    });
    equal((await bucket.get("key")).revision, 1);

    let calls = 0;
    // A slow attempt makes the delay a long one, and chance is asked for when it begins.
    let waiting = () => {};
    stubRandom(t, () => {
      waiting();
      return 1;
    });
    await abortedBy(async (controller) => {
      calls += 1;
      waiting = () => setTimeout(() => controller.abort("bye"));
      await new Promise((resolve) => setTimeout(resolve, 50));
      return bucket.put("key", "2").then(() => "3");
    });
    equal(calls, 1);
    equal((await bucket.get("key")).text(), "2");
  },
};

/** @type {import("./context.js").Cases} */
export const modify = { ...writing, ...failing };
