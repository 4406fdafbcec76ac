// Many clients at one key.

import { deepEqual, equal } from "./assert.js";

/** @typedef {import("./context.js").Bucket} Bucket */

const CLIENTS = 8;
const INCREMENTS = 200;

/** @param {number} milliseconds @returns {Promise<void>} */
const pause = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));

/** Adds one to a counter, as the page says it is done. @param {Bucket} bucket @returns {Promise<number>} */
async function increment(bucket) {
  for (;;) {
    const began = performance.now();
    const entry = await bucket.get("counter");
    try {
      const next = Number(entry.text()) + 1;
      return (await bucket.update("counter", next, entry.revision)).revision;
    } catch (error) {
      if (/** @type {any} */ (error).code !== "HTTP_412") throw error;
      // Losers that try again at once mostly make each other lose: each waits for some others' turns.
      await pause(Math.random() * CLIENTS * (performance.now() - began));
    }
  }
}

/** @type {import("./context.js").Cases} */
export const contention = {
  async "8 clients with 200 read-modify-write increments each end at exactly 1600"(t) {
    const { buckets, bucket } = await t.shared(CLIENTS);
    await bucket.put("counter", 0);
    /** @type {number[]} */
    const revisions = [];
    await Promise.all(
      buckets.map(async (each) => {
        for (let n = 0; n < INCREMENTS; n += 1) revisions.push(await increment(each));
      }),
    );
    const total = CLIENTS * INCREMENTS;
    equal((await bucket.get("counter")).json(), total);
    deepEqual(
      revisions.sort((a, b) => a - b),
      Array.from({ length: total }, (_, n) => n + 2),
      "each update has a revision of its own",
    );
  },

  async "of many creates of one key exactly one succeeds"(t) {
    const { buckets } = await t.shared(CLIENTS);
    for (let round = 0; round < 5; round += 1) {
      const results = await Promise.allSettled(
        buckets.map((bucket, n) => bucket.create(`lock-${round}`, `${n}`)),
      );
      const won = results.filter(({ status }) => status === "fulfilled");
      equal(won.length, 1);
      for (const result of results) {
        if (result.status === "rejected") equal(result.reason.code, "HTTP_412");
      }
    }
  },

  async "of many deletes of one key exactly one succeeds"(t) {
    const { buckets, bucket } = await t.shared(CLIENTS);
    for (let round = 0; round < 5; round += 1) {
      await bucket.put("key", "1");
      const results = await Promise.allSettled(buckets.map((each) => each.delete("key")));
      equal(results.filter(({ status }) => status === "fulfilled").length, 1);
      for (const result of results) {
        if (result.status === "rejected") equal(result.reason.code, "HTTP_404");
      }
    }
  },
};
