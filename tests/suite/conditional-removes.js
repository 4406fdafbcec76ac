// delete() and purge() of a revision that is expected.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { observe } from "./context.js";
import { bucketNotFound, invalid, keyNotFound, revisionMismatch } from "./expected.js";

/** @type {import("./context.js").Cases} */
export const conditionalRemoves = {
  async "delete and purge succeed on the last revision alone, and give nothing"(t) {
    const { bucket } = await t.bucket({ history: 5 });
    for (const remove of /** @type {("delete" | "purge")[]} */ (["delete", "purge"])) {
      const { revision } = await bucket.put("k", "v");
      for (const other of [0, revision - 1, revision + 1, Number.MAX_SAFE_INTEGER]) {
        if (other === revision) continue;
        await rejects(bucket[remove]("k", { revision: other }), revisionMismatch);
      }
      equal((await bucket.get("k")).revision, revision);
      equal(await bucket[remove]("k", { revision }), undefined);
      await rejects(bucket.get("k"), keyNotFound);
      equal((await bucket.put("other", "v")).revision, revision + 2, "one marker");
    }
  },

  async "a missing or deleted key and a missing bucket are 404"(t) {
    const { bucket, kv } = await t.bucket();
    await rejects(bucket.delete("k", { revision: 1 }), keyNotFound);
    await rejects(bucket.purge("k", { revision: 0 }), keyNotFound);
    await bucket.put("k", "v");
    await bucket.delete("k");
    await rejects(bucket.delete("k", { revision: 2 }), keyNotFound);
    await bucket.purge("k", { revision: 2 });
    const missing = kv.bucket(t.newBucketName());
    await rejects(missing.delete("k", { revision: 1 }), bucketNotFound);
  },

  async "keys of every kind arrive as they are"(t) {
    const { bucket } = await t.bucket();
    for (const key of ["a/b", "user:123", "ä.日本", 'quote"', "back\\slash", "%2F"]) {
      const { revision } = await bucket.put(key, "v");
      await bucket.delete(key, { revision });
      await rejects(bucket.get(key), keyNotFound);
    }
  },

  async "a watch gets one delete, with the marker's revision"(t) {
    const { bucket } = await t.bucket();
    const seen = observe(bucket);
    await seen.ready();
    await bucket.put("k", "v");
    await bucket.delete("k", { revision: 1 });
    const [, event] = await seen.received(2);
    deepEqual([event?.operation, event?.revision], ["delete", 2]);
  },

  async "a revision that is undefined, or none, is a ValidationError before any request"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("k", "v");
    const { requests } = t.network();
    for (const revision of /** @type {any[]} */ ([
      undefined,
      null,
      -1,
      1.5,
      Number.NaN,
      "1",
      1n,
      2 ** 53,
    ])) {
      await rejects(bucket.delete("k", { revision }), invalid(/revision must be a whole number/));
      await rejects(bucket.purge("k", { revision }), invalid(/revision must be a whole number/));
    }
    await rejects(
      bucket.put("k", "v", /** @type {any} */ ({ revision: 1 })),
      invalid(/unknown option revision/),
    );
    deepEqual(requests, []);
    ok(await bucket.get("k"));
  },
};
