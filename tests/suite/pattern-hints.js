// The warning for a pattern that can match no key because a wildcard in it is only a part of a token.

import { deepEqual, equal, match } from "./assert.js";

/** @typedef {import("./context.js").Context} Context */

/** Patterns that look like a search by prefix or suffix, and match no key. */
const partial = ["d*", "user:*", "*s", "**", "us>", ">>", "a.b*", "a.*b.c", "a.b>", "*.x>", "é*"];

/** Patterns that are what they look like. */
const whole = ["*", ">", "a", "user:123", "a.*", "a.>", "*.*", "*.>", "a.*.c", "*.b.>"];

/** A client that keeps what it logs. @param {Context} t */
async function logging(t) {
  /** @type {unknown[][]} */
  const logged = [];
  const logger = { warn: (/** @type {unknown[]} */ ...values) => void logged.push(values) };
  const { bucket } = await t.bucket({}, t.client({ logger }));
  return { bucket, logged };
}

/** Ways to use patterns. @type {Record<string, (bucket: import("./context.js").Bucket, pattern: string) => unknown>} */
const uses = {
  listKeys: (bucket, pattern) => bucket.listKeys(pattern),
  "watch with callbacks": (bucket, key) => bucket.watch({ onUpdate() {} }, { key }).stop(),
  "watch with an iterator": (bucket, key) => bucket.watch({ key }).stop(),
  "watch of several patterns": (bucket, key) => bucket.watch({ key: ["a", key, ">"] }).stop(),
  view: (bucket, key) => bucket.view({ key }).stop(),
  "view of several patterns": (bucket, key) => bucket.view({ key: ["a", key] }).stop(),
};

/** @type {import("./context.js").Cases} */
export const patternHints = {
  async "a wildcard inside a token logs a warning that says what to use"(t) {
    for (const [name, use] of Object.entries(uses)) {
      const { bucket, logged } = await logging(t);
      for (const pattern of partial) {
        logged.length = 0;
        await use(bucket, pattern);
        equal(logged.length, 1, `${name} ${pattern}`);
        const [message, ...rest] = /** @type {[string]} */ (logged[0]);
        equal(message.includes(`"${pattern}" matches no key`), true, `${name}: ${message}`);
        match(message, /whole tokens.*"user\.\*"/);
        deepEqual(rest, []);
      }
    }
  },

  async "the warning for a pattern is logged once per client"(t) {
    const { bucket, logged } = await logging(t);
    for (let round = 0; round < 3; round += 1) {
      for (const use of Object.values(uses)) await use(bucket, "d*");
      await bucket.listKeys("e*");
    }
    equal(logged.length, 2);
    const other = await logging(t);
    await other.bucket.listKeys("d*");
    equal(other.logged.length, 1);
  },

  async "at most 100 patterns are warned about, so that a search box does not flood the log"(t) {
    const { bucket, logged } = await logging(t);
    for (let at = 0; at < 110; at += 1) await bucket.listKeys(`${at}*`);
    equal(logged.length, 100);
  },

  async "whole tokens and plain keys log nothing"(t) {
    const { bucket, logged } = await logging(t);
    for (const use of Object.values(uses)) {
      for (const pattern of whole) await use(bucket, pattern);
    }
    await bucket.listKeys();
    bucket.watch().stop();
    bucket.view().stop();
    deepEqual(logged, []);
  },

  async "without a logger the warning goes to the console, with logger: false nowhere"(t) {
    /** @type {unknown[][]} */
    const warned = [];
    const warn = (/** @type {unknown[]} */ ...values) => void warned.push(values);
    t.stub("console", { ...console, warn });
    const { bucket } = await t.bucket({}, t.client({ logger: undefined }));
    await bucket.listKeys("d*");
    equal(warned.length, 1);
    match(String(warned[0]), /^\[ironflow\] .*"d\*" matches no key/);
    const silent = await t.bucket({}, t.client({ logger: false }));
    await silent.bucket.listKeys("d*");
    equal(warned.length, 1);
  },

  async "a logger that throws or lacks warn changes no result"(t) {
    const throwing = () => {
      throw new Error("from the logger");
    };
    for (const logger of [{ warn: throwing }, {}]) {
      const { bucket } = await t.bucket({}, t.client({ logger }));
      await bucket.put("d", "1");
      deepEqual(await bucket.listKeys("d*"), []);
      bucket.watch({ key: "d*" }).stop();
      deepEqual(await bucket.listKeys("d"), ["d"]);
    }
  },
};
