// What an outbox must not send, and what must not stop it.

import assert from "node:assert/strict";
import { describe, mock, test } from "node:test";
import { failure } from "./support/api.mjs";
import { holds, isPending, setUp } from "./support/outbox.mjs";

const t = setUp();

/** Calls a function before the first write is sent. @param {() => unknown} call */
function beforeWrite(call) {
  const send = globalThis.fetch;
  globalThis.fetch = async (url, options) => {
    if (options?.method === "PUT") {
      globalThis.fetch = send;
      await new Promise((resolve) => setImmediate(resolve));
      call();
    }
    return send(url, options);
  };
}

const writes = () => t.network.requests.filter(({ method }) => method === "PUT");

describe("an update with a revision", () => {
  for (const [when, fate] of /** @type {const} */ ([
    ["while the server is reached", undefined],
    ["while it is not", "offline"],
  ])) {
    test(`${when}, behind another one of the same revision, is a conflict`, async () => {
      const { bucket, outbox } = t.open();
      const { revision } = await bucket.put("a", 0);
      t.fate = fate;
      const results = Promise.allSettled([
        bucket.update("a", 1, revision),
        bucket.update("a", 2, revision),
      ]);
      await outbox.flush();
      t.fate = undefined;
      await outbox.flush();
      const [first, second] = /** @type {any} */ (await results);
      assert.equal(first.status, "fulfilled");
      assert.equal(second.reason.status, 412);
      assert.equal((await t.other.get("a")).value, 1);
    });
  }

  test("of another revision than is shown, behind a queued write, is a conflict with it", async () => {
    const onConflict = mock.fn((/** @type {any} */ _given) => undefined);
    const { bucket, outbox } = t.open({ onConflict });
    await bucket.put("a", 0);
    const { revision: seen } = await bucket.put("a", 1);
    t.fate = "offline";
    const first = bucket.update("a", 2, seen);
    await outbox.flush();
    const { revision, pending } = await bucket.get("a");
    assert.deepEqual([revision, pending], [seen, true]);
    const second = failure(bucket.update("a", 3, revision - 1));
    await outbox.flush();
    t.fate = undefined;
    await outbox.flush();
    await first;
    assert.equal((await second).status, 412);
    assert.equal((await t.other.get("a")).value, 2);
    const [{ base, mine, theirs }] = onConflict.mock.calls.map((call) => call.arguments[0]);
    assert.deepEqual([base, mine.value, theirs.value], [seen - 1, 3, 2]);
  });
});

test("a put behind a queued update follows it", async () => {
  const { bucket, outbox } = t.open();
  const { revision } = await bucket.put("a", 0);
  t.fate = "offline";
  const writes = [bucket.update("a", 1, revision)];
  await outbox.flush();
  writes.push(bucket.put("a", 2));
  await outbox.flush();
  t.fate = undefined;
  await outbox.flush();
  await Promise.all(writes);
  assert.equal((await t.other.get("a")).value, 2);
});

describe("what waits", () => {
  for (const [event, call] of /** @type {const} */ ([
    [
      "configure()",
      (/** @type {any} */ client) =>
        client.configure({ serverUrl: t.serverUrl.replace("127.0.0.1", "localhost") }),
    ],
    ["disconnect()", (/** @type {any} */ client) => client.disconnect()],
  ])) {
    test(`is not sent after ${event} during a first attempt`, async () => {
      const { client, bucket } = t.open();
      await bucket.put("a", 0);
      const before = writes().length;
      beforeWrite(() => call(client));
      const first = bucket.put("a", 1);
      const second = bucket.put("a", 2);
      second.catch(() => {});
      await first;
      await client.outbox.flush();
      assert.equal(writes().length - before, 1);
      assert.equal(client.outbox.size, 1);
    });

    test(`is not sent after ${event} during a replay`, async () => {
      const { client, bucket, outbox } = t.open();
      await bucket.put("a", 0);
      t.fate = "offline";
      for (let n = 1; n <= 20; n += 1) bucket.put("a", n).catch(() => {});
      await outbox.flush();
      t.fate = undefined;
      const before = writes().length;
      beforeWrite(() => call(client));
      await outbox.flush();
      assert.equal(writes().length - before, 1);
      assert.equal(outbox.size, 19);
    });
  }
});

describe("later writes are sent after what waited was removed", () => {
  for (const [how, remove] of /** @type {const} */ ([
    [
      "by discard()",
      (/** @type {any} */ { client }) => client.outbox.discard(client.outbox.entries()[0].id),
    ],
    ["by an abort", (/** @type {any} */ { controller }) => controller.abort()],
    ["by clear()", (/** @type {any} */ { client }) => client.getConfig().outbox.clear()],
    ["by another tab", (/** @type {any} */ { other }) => other.outbox.flush()],
  ])) {
    test(how, async () => {
      const [tab, other] = [t.open(), t.open()];
      const { client, bucket, outbox } = tab;
      await bucket.put("a", 0);
      t.fate = "offline";
      const sent = bucket.put("c", 1).catch(() => {});
      await outbox.flush();
      const controller = new AbortController();
      const kept = bucket.put("b", 1, { signal: controller.signal }).catch(() => {});
      await outbox.discard(outbox.entries()[0].id);
      await sent;
      await outbox.flush();
      await holds(other.outbox, 1);
      await outbox.flush();
      t.fate = how === "by another tab" ? undefined : "offline";
      await remove({ client, controller, other });
      await kept;
      await holds(outbox, 0);
      t.fate = undefined;
      await bucket.put("a", 2);
      assert.equal((await t.other.get("a")).value, 2);
    });
  }
});

describe("a key that another client deleted does not come back", () => {
  for (const [operation, without] of /** @type {const} */ ([
    ["put", undefined],
    ["create", undefined],
    ["put", /history/],
    ["put", /history|write-id/],
    ["create", /history|write-id/],
  ])) {
    const server = without ? `without ${without.source}` : "with all features";
    test(`by a ${operation} whose answer was lost, on a server ${server}`, async () => {
      t.network.without = without;
      /** @type {any[]} */
      const asked = [];
      const { bucket, outbox } = t.open({
        onConflict: (/** @type {any} */ given) => void asked.push(given),
      });
      await bucket.put("other", 0);
      t.fate = "lost answer";
      const written = failure(bucket[operation]("a", 1));
      await outbox.flush();
      t.fate = undefined;
      await t.other.delete("a");
      await outbox.flush();
      assert.equal((await written).status, 412);
      assert.equal(await t.other.find("a"), undefined);
      assert.deepEqual(
        asked.map(({ theirs, maybeApplied }) => [theirs, maybeApplied]),
        [[undefined, true]],
      );
    });
  }
});

test("a new key is written after a failed attempt", async () => {
  const { bucket, outbox } = t.open();
  await bucket.put("other", 0);
  t.fate = "offline";
  const written = bucket.put("a", 1);
  await outbox.flush();
  t.fate = undefined;
  await outbox.flush();
  await written;
  assert.equal((await t.other.get("a")).value, 1);
});

for (const where of ["inside onConflict", "during onConflict"]) {
  test(`discard() ${where} ends the question, and other keys are replayed`, async () => {
    const { bucket, outbox } = t.open({
      onConflict: async () => {
        if (where === "inside onConflict") await outbox.discard(outbox.entries()[0].id);
        return new Promise(() => {});
      },
    });
    await bucket.put("a", 0);
    t.fate = "offline";
    const written = failure(bucket.put("a", 1));
    await outbox.flush();
    t.fate = undefined;
    await t.other.put("a", 2);
    await outbox.flush();
    if (where === "during onConflict") await outbox.discard(outbox.entries()[0].id);
    assert.equal((await written).name, "AbortError");
    t.fate = "offline";
    const later = bucket.put("b", 1);
    await outbox.flush();
    t.fate = undefined;
    await outbox.flush();
    await later;
  });
}

test("a journal that cannot be read again leaves the write queued", async () => {
  const { bucket, outbox } = t.open();
  await bucket.put("a", 0);
  const { backend } = t;
  const read = backend.read;
  backend.read = () => Promise.reject(new Error("unreadable"));
  const written = bucket.put("a", 1);
  const rejected = failure(written);
  assert.ok(await isPending(rejected));
  backend.read = read;
  await outbox.flush();
  await written;
  assert.equal((await t.other.get("a")).value, 1);
});

test("a queued delete is put aside if the server has no conditional one by then", async () => {
  const { client, bucket, outbox } = t.open();
  await t.other.put("a", 1);
  await bucket.get("a");
  t.fate = "offline";
  bucket.delete("a").catch(() => {});
  await outbox.flush();
  assert.equal(outbox.size, 1);
  client.disconnect();
  t.fate = undefined;
  t.network.without = /remove/;
  const later = t.open().outbox;
  await later.flush();
  const [{ error }] = later.entries();
  assert.equal(error.code, "UNSUPPORTED");
  assert.match(error.message, /^delete outbox-\w+\/a: the server does not announce .* remove/);
  assert.equal((await t.other.get("a")).value, 1);
});
