// Many clients at one key.

import { deepEqual, equal, ok } from "./assert.js";

/** @typedef {import("./context.js").Bucket} Bucket */

const CLIENTS = 8;
const INCREMENTS = 200;

/** @param {import("./context.js").Entry} [entry] */
const next = (entry) => Number(entry?.text()) + 1;

/** Adds one to a counter, and after a conflict again at once. @param {Bucket} bucket @returns {Promise<unknown>} */
async function naively(bucket) {
  for (;;) {
    const entry = await bucket.get("counter");
    try {
      return await bucket.update("counter", next(entry), entry.revision);
    } catch (error) {
      if (/** @type {any} */ (error).code !== "HTTP_412") throw error;
    }
  }
}

/** @type {import("./context.js").Cases} */
export const contention = {
  async "8 clients with 200 increments each through modify() end at exactly 1600"(t) {
    const { buckets, bucket } = await t.shared(CLIENTS);
    await bucket.put("counter", 0);
    /** @type {number[]} */
    const revisions = [];
    await Promise.all(
      buckets.map(async (each) => {
        for (let n = 0; n < INCREMENTS; n += 1)
          revisions.push((await each.modify("counter", next)).revision);
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

  async "8 clients send fewer requests through modify() than in a loop of get and update"(t) {
    if (!t.onServer) return;
    const { buckets, bucket } = await t.shared(CLIENTS);
    const EACH = 8;
    const { requests } = t.network();
    /** @param {(bucket: Bucket) => Promise<unknown>} increment */
    async function requestsFor(increment) {
      await bucket.put("counter", 0);
      const before = requests.length;
      await Promise.all(
        buckets.map(async (each) => {
          for (let n = 0; n < EACH; n += 1) await increment(each);
        }),
      );
      equal((await bucket.get("counter")).json(), CLIENTS * EACH);
      return requests.length - before;
    }
    const [modified, naive] = [
      await requestsFor((each) => each.modify("counter", next)),
      await requestsFor(naively),
    ];
    ok(modified < naive * 0.75, `${modified} requests, and ${naive} in a loop`);
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
