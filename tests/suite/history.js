// history() and get() of a revision, and the reasons of deletes.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { watching } from "./context.js";
import { bucketNotFound, invalid, keyNotFound, unsupported } from "./expected.js";

const info = { name: "b", values: 1, bytes: 1, history: 1, created_at: "" };

/** @param {number} revision @param {object} [more] */
const put = (revision, more) => ({
  key: "k",
  value: btoa("v"),
  revision,
  created_at: "",
  operation: "put",
  ...more,
});

/**
 * A server that only exists as a double of fetch.
 *
 * @param {import("./context.js").Context} t
 * @param {unknown} body of every answer but the bucket's info
 * @param {string | null} features that it announces
 */
function server(t, body, features = "history") {
  /** @type {string[]} */
  const requests = [];
  t.stubFetch((request) => {
    const path = request.url.replace(/.*\/kv\/buckets\//, "");
    requests.push(path);
    const headers = { ...(features !== null && { "Ironflow-KV-Features": features }) };
    return new Response(JSON.stringify(path === "b" ? info : body), { headers });
  });
  const client = t.createClient({ serverUrl: "http://localhost:9", logger: false, retry: false });
  return { bucket: client.kv().bucket("b"), requests };
}

/** @type {import("./context.js").Cases} */
export const history = {
  async "history() gives every retained revision, ascending, deletes included"(t) {
    const { bucket, kv, name } = await t.bucket({ history: 4 });
    deepEqual(await bucket.history("key"), []);
    for (const n of [1, 2, 3]) await bucket.put("key", { n });
    await bucket.put("other", 1);
    await bucket.delete("key");
    await bucket.put("key", "");
    const found = await bucket.history("key");
    deepEqual(
      found.map(({ key, revision, operation, reason, value }) => [
        key,
        revision,
        operation,
        reason,
        value,
      ]),
      [
        ["key", 2, "put", undefined, btoa('{"n":2}')],
        ["key", 3, "put", undefined, btoa('{"n":3}')],
        ["key", 5, "delete", undefined, undefined],
        ["key", 6, "put", undefined, ""],
      ],
    );
    deepEqual(found[0]?.json(), { n: 2 });
    equal(found[2]?.text(), "");
    ok(found.every(({ created_at }) => Math.abs(Date.parse(created_at) - Date.now()) < 60_000));
    await bucket.put("key", { n: 4 });
    await bucket.delete("key");
    const typed = kv.bucket(name, { decode: "text" });
    deepEqual(
      (await typed.history("key")).map(({ value }) => value),
      [undefined, "", '{"n":4}', undefined],
    );
  },

  async "history() of a purged key is its marker, with the reason"(t) {
    const { bucket, kv, name } = await t.bucket({ history: 3 });
    await bucket.put("key", "1");
    await bucket.purge("key");
    for (const handle of [bucket, kv.bucket(name, { decode: "json" })]) {
      const [marker, ...more] = await handle.history("key");
      deepEqual(more, []);
      deepEqual([marker?.revision, marker?.operation, marker?.reason], [2, "delete", "purged"]);
      equal(marker?.value, undefined);
      equal(marker?.bytes().length, 0);
    }
  },

  async "get() of a revision gives what was written with it"(t) {
    const { bucket, kv, name } = await t.bucket({ history: 3 });
    for (const n of [1, 2]) await bucket.put("key", { n });
    await bucket.put("other", { n: 3 });
    await bucket.delete("key");
    const entry = await bucket.get("key", { revision: 1 });
    deepEqual(
      [entry.key, entry.revision, entry.operation, entry.json()],
      ["key", 1, "put", { n: 1 }],
    );
    const typed = kv.bucket(name, { decode: "json" });
    deepEqual((await typed.get("key", { revision: 2 })).value, { n: 2 });
    // Another key's, a delete, one that was never written.
    for (const revision of [3, 4, 5, 0]) {
      await rejects(bucket.get("key", { revision }), keyNotFound);
    }
  },

  async "a revision is a whole number"(t) {
    const { bucket } = await t.bucket();
    for (const revision of [-1, 1.5, "1", undefined, null]) {
      await rejects(bucket.get("key", /** @type {any} */ ({ revision })), invalid(/revision/));
    }
    await rejects(bucket.history("a..b"), invalid(/key/));
    await rejects(bucket.history("key", /** @type {any} */ ({ revision: 1 })), invalid(/revision/));
  },

  async "of a missing bucket both are HTTP_404"(t) {
    const missing = t.client().kv().bucket(t.newBucketName());
    await rejects(missing.history("key"), bucketNotFound);
    await rejects(missing.get("key", { revision: 1 }), bucketNotFound);
  },

  async "a server that has not announced history is not sent either"(t) {
    for (const features of ["", null, "entries"]) {
      const { bucket, requests } = server(t, put(1), features);
      await rejects(bucket.history("k"), unsupported("history"));
      await rejects(bucket.get("k", { revision: 1 }), unsupported("history"));
      deepEqual(
        requests.filter((path) => path !== "b"),
        [],
      );
    }
  },

  async "the requests are those of the protocol"(t) {
    const { bucket, requests } = server(t, put(7));
    equal((await bucket.get("k", { revision: 7 })).revision, 7);
    deepEqual(requests, ["b", "b/keys/k?revision=7"]);
    const other = server(t, { history: [put(7), put(9, { reason: 5, operation: "delete" })] });
    const found = await other.bucket.history("k");
    deepEqual(
      found.map(({ value, reason }) => [value, reason]),
      [
        [btoa("v"), undefined],
        [undefined, undefined],
      ],
    );
    deepEqual(other.requests, ["b", "b/keys/k?history=true"]);
  },

  async "an answer about another revision or key is not taken"(t) {
    await rejects(server(t, put(8)).bucket.get("k", { revision: 7 }), unsupported("history"));
    for (const body of [
      {},
      { history: {} },
      { history: [null] },
      { history: [put(1, { key: "l" })] },
    ]) {
      await rejects(server(t, body).bucket.history("k"), { code: "INVALID_RESPONSE" });
    }
  },

  async "the event of a purge has its reason, that of a delete none"(t) {
    const { bucket } = await t.bucket();
    const [seen, iterated] = [await watching(bucket), await watching(bucket)];
    for (const key of ["a", "b"]) await bucket.put(key, "1");
    await bucket.delete("a");
    await bucket.purge("b");
    for (const { received } of [seen, iterated]) {
      const events = /** @type {any[]} */ (await received(4));
      deepEqual(
        events.map(({ operation, reason }) => [operation, reason]),
        [
          ["put", undefined],
          ["put", undefined],
          ["delete", undefined],
          ["delete", "purged"],
        ],
      );
    }
  },
};
