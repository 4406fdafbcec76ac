// Many clients at one key.

import { deepEqual, equal, ok } from "./assert.js";

const CLIENTS = 8;
const INCREMENTS = 200;

/** @param {import("./context.js").Entry} [entry] */
const next = (entry) => Number(entry?.text()) + 1;

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

  async "64 clients with 25 increments each end at exactly 1600, in at most 4 x the ideal requests"(
    t,
  ) {
    const MANY = 64;
    const EACH = 25;
    const { buckets, bucket } = await t.shared(MANY);
    await bucket.put("counter", 0);
    const { requests } = t.network();
    let attempts = 0;
    // Others get their turn in the middle of an attempt, on the store in memory too.
    const change = async (/** @type {import("./context.js").Entry | undefined} */ entry) => {
      attempts += 1;
      await new Promise((resolve) => setTimeout(resolve));
      return next(entry);
    };
    await Promise.all(
      buckets.map(async (each) => {
        for (let n = 0; n < EACH; n += 1)
          await each.modify("counter", change, { timeout: 200_000 });
      }),
    );
    const total = MANY * EACH;
    const sent = requests.length;
    equal((await bucket.get("counter")).json(), total);
    ok(attempts <= 4 * total, `${attempts} attempts for ${total} increments`);
    if (t.onServer) ok(sent <= 4 * 2 * total, `${sent} requests, ideal are ${2 * total}`);
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
