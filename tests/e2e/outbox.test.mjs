// createClient({ outbox }) against the reference server, with a network that fails and a store that the test makes up.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { api, failure } from "./support/api.mjs";
import { holds, isPending, setUp } from "./support/outbox.mjs";

const t = setUp();

describe("while the server is reached", () => {
  test("each kind of write does what it does without an outbox", async () => {
    const { bucket, outbox } = t.open();
    const { revision } = await bucket.put("a", 1);
    assert.deepEqual(await bucket.update("a", 2, revision), { revision: revision + 1 });
    assert.equal((await failure(bucket.update("a", 3, revision))).status, 412);
    assert.equal((await failure(bucket.create("a", 3))).status, 412);
    assert.equal((await bucket.get("a")).value, 2);
    assert.equal(await bucket.delete("a"), undefined);
    assert.equal((await failure(bucket.delete("a"))).status, 404);
    await bucket.create("a", 4);
    await bucket.purge("a");
    assert.equal(await bucket.find("a"), undefined);
    assert.equal(outbox.size, 0);
  });

  test("a put of a key that another client writes is no conflict", async () => {
    const { bucket } = t.open();
    await bucket.put("a", 1);
    await t.other.put("a", 2);
    await bucket.put("a", 3);
    const all = Array.from({ length: 5 }, (_, n) => bucket.put("a", 10 + n));
    await t.other.put("a", 4);
    await Promise.all(all);
    assert.ok([4, 14].includes(/** @type {any} */ (await t.other.get("a")).value));
  });

  test("an error is the caller's, and the handlers' of errors", async () => {
    /** @type {unknown[]} */
    const seen = [];
    const { client, bucket } = t.open({
      onError: (/** @type {any} */ error, /** @type {any} */ context) =>
        seen.push([error.status, context]),
    });
    client.onError((/** @type {any} */ error) => seen.push(error.code));
    const error = await failure(bucket.create("bad key", 1));
    assert.ok(error instanceof api.ValidationError);
    await bucket.put("a", 1);
    await failure(bucket.create("a", 2));
    assert.deepEqual(seen.slice(-2), [
      [412, { operation: "create", bucket: t.name, key: "a" }],
      "HTTP_412",
    ]);
    assert.equal((await failure(client.kv().bucket("no-such-bucket").put("a", ""))).status, 404);
  });

  test("each write has an id, also the first of a client", async () => {
    const { bucket } = t.open();
    await bucket.put("a", 1);
    await bucket.put("a", 2);
    const ids = t.network.requests
      .filter(({ method }) => method === "PUT")
      .map(({ headers }) => headers["Ironflow-Write-Id"]);
    assert.equal(new Set(ids).size, 2);
    for (const id of ids) assert.match(String(id), /^[\w-]{22}$/);
  });
});

describe("while the server cannot be reached", () => {
  for (const away of /** @type {const} */ (["offline", "lost answer", 502, 503, 504])) {
    test(`(${away}) a write waits until it can`, async () => {
      const { bucket, outbox } = t.open();
      await bucket.put("a", 1);
      t.fate = away;
      const written = bucket.put("a", 2);
      const created = bucket.create("b", 1);
      assert.ok(await isPending(written));
      assert.equal(outbox.size, 2);
      assert.deepEqual(
        outbox
          .entries()
          .map((/** @type {any} */ entry) => [entry.key, entry.operation, entry.error]),
        [
          ["a", "put", undefined],
          ["b", "create", undefined],
        ],
      );
      t.fate = undefined;
      await outbox.flush();
      const { revision } = await written;
      await created;
      assert.equal(revision, /** @type {any} */ (await t.other.get("a")).revision);
      assert.equal((await t.other.get("a")).value, 2);
      assert.equal((await t.other.history("a")).length, 2);
      assert.equal((await t.other.history("b")).length, 1);
      assert.equal(outbox.size, 0);
    });
  }

  for (const status of [400, 401, 403, 404, 409, 429, 500]) {
    test(`${status} is an answer, which is not queued`, async () => {
      const { bucket, outbox } = t.open();
      await bucket.put("a", 1);
      t.fate = status;
      assert.equal((await failure(bucket.put("a", 2))).status, status);
      assert.equal(outbox.size, 0);
    });
  }

  test("reads and views show what waits", async () => {
    const { bucket, outbox } = t.open();
    const { revision } = await bucket.put("a", 1);
    await bucket.put("c", 1);
    const view = bucket.view();
    await view.ready;
    t.fate = "offline";
    const writes = [
      bucket.put("a", 2),
      bucket.put("a", 3),
      bucket.create("b", 1),
      bucket.delete("c"),
    ];
    await outbox.flush();
    const shown = await bucket.get("a");
    assert.deepEqual([shown.value, shown.revision, shown.pending], [3, revision, true]);
    assert.deepEqual([(await bucket.find("b")).revision, await bucket.find("c")], [0, undefined]);
    assert.equal((await failure(bucket.get("c"))).status, 404);
    const inView = () =>
      Object.fromEntries(
        view.entries().map((/** @type {any} */ { key, value, pending }) => [key, [value, pending]]),
      );
    assert.deepEqual(inView(), { a: [3, true], b: [1, true] });
    await t.elsewhere(async () => {
      assert.deepEqual((await bucket.listKeys()).sort(), ["a", "b"]);
      const entries = await bucket.entries();
      const values = entries.map((/** @type {any} */ { key, value, pending }) => [
        key,
        value,
        pending,
      ]);
      assert.deepEqual(values, [
        ["a", 3, true],
        ["b", 1, true],
      ]);
    });
    t.fate = undefined;
    await outbox.flush();
    const [, last] = await Promise.all(writes);
    await view.waitFor(last.revision);
    assert.deepEqual(inView(), { a: [3, undefined], b: [1, undefined] });
    assert.equal(await t.other.find("c"), undefined);
    view.stop();
  });

  test("a write counts and is shown once it is in the storage", async () => {
    const { bucket, outbox } = t.open();
    await bucket.put("a", 1);
    const view = bucket.view();
    await view.ready;
    t.fate = "offline";
    const { write } = t.backend;
    /** @type {() => void} */
    let go = () => {};
    const stored = new Promise((resolve) => (go = () => resolve(undefined)));
    const storing = new Promise((resolve) => {
      t.backend.write = async (...given) => {
        resolve(undefined);
        await stored;
        return write.apply(t.backend, given);
      };
    });
    const writes = [bucket.put("a", 2), bucket.put("b", 2), bucket.put("a", 3)];
    await storing;
    const held = () => {
      const entries = outbox.entries().map((/** @type {any} */ { key }) => key);
      const shown = ["a", "b"].map((key) => view.get(key)?.value);
      return [outbox.size, entries, shown, view.get("a").pending];
    };
    assert.deepEqual(held(), [0, [], [1, undefined], undefined]);
    assert.equal((await t.elsewhere(() => bucket.get("a"))).pending, undefined);
    go();
    await outbox.flush();
    assert.deepEqual(held(), [3, ["a", "b", "a"], [3, 2], true]);
    assert.equal((await bucket.get("a")).value, 3);
    t.fate = undefined;
    await outbox.flush();
    await Promise.all(writes);
    assert.equal((await t.other.get("a")).value, 3);
    view.stop();
  });

  test("a chain of writes to one key is written in order, each once", async () => {
    const { bucket, outbox } = t.open();
    t.fate = "offline";
    const writes = Array.from({ length: 20 }, (_, n) => bucket.put("a", n));
    const removed = bucket.put("gone", 1);
    await outbox.flush();
    outbox.discard(outbox.entries().at(-1).id);
    assert.equal((await failure(removed)).name, "AbortError");
    t.fate = undefined;
    await outbox.flush();
    await Promise.all(writes);
    const history = await t.other.history("a");
    assert.deepEqual(
      history.map(({ value }) => value),
      [10, 11, 12, 13, 14, 15, 16, 17, 18, 19],
    );
    assert.equal(history[0]?.revision, 11);
    assert.equal(await t.other.find("gone"), undefined);
  });

  test("what was queued survives the client, and is of its scope and server only", async () => {
    const first = t.open();
    await first.bucket.put("a", 1);
    t.fate = "offline";
    first.bucket.put("a", 2).catch(() => {});
    first.bucket.delete("a").catch(() => {});
    await first.outbox.flush();
    first.client.disconnect();
    const stranger = t.open({ scope: "bob" });
    const elsewhere = t.open({ environment: "another" });
    await holds(elsewhere.outbox, 2);
    t.fate = undefined;
    await Promise.all([stranger.outbox.flush(), elsewhere.outbox.flush()]);
    assert.equal((await t.other.get("a")).value, 1);
    assert.equal(stranger.outbox.size, 0);
    const second = t.open();
    await holds(second.outbox, 0);
    await second.outbox.flush();
    assert.equal(await t.other.find("a"), undefined);
    assert.equal((await t.other.history("a")).length, 3);
  });

  test("an aborted write is withdrawn if it was not sent", async () => {
    const { bucket, outbox } = t.open();
    t.fate = "offline";
    const first = new AbortController();
    const withdrawn = bucket.put("a", 1, { signal: first.signal });
    const aborted = failure(withdrawn);
    await outbox.flush();
    first.abort(new Error("changed my mind"));
    assert.equal((await aborted).message, "changed my mind");
    assert.equal(outbox.size, 0);
  });

  test("a ttl that is over before the write is sent", async () => {
    const { bucket, outbox } = t.open();
    await bucket.put("other", 1);
    t.fate = "offline";
    const late = bucket.put("a", 1, { ttl: 1 });
    const good = bucket.put("b", 1, { ttl: 100 });
    await holds(outbox, 2);
    const expired = failure(late);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    t.fate = undefined;
    await outbox.flush();
    assert.equal((await expired).code, "EXPIRED");
    await good;
    const ttls = t.network.requests.map(({ headers }) => headers["Ironflow-TTL"]).filter(Boolean);
    assert.ok(Number(ttls.at(-1)) < 100);
  });

  test("modify and keepalive writes reject", async () => {
    const { bucket, outbox } = t.open();
    t.fate = "offline";
    assert.equal((await failure(bucket.modify("a", () => 1))).code, "REQUEST_FAILED");
    assert.equal((await failure(bucket.put("a", 1, { keepalive: true }))).code, "REQUEST_FAILED");
    assert.equal(outbox.size, 0);
  });
});
