// The bounds of the outbox, and what many writes cost.

import assert from "node:assert/strict";
import { test } from "node:test";
import { failure } from "./support/api.mjs";
import { setUp } from "./support/outbox.mjs";

const t = setUp();

const FULL = /^put outbox-\w+\/more: the outbox is full$/;
const MIB = 1024 * 1024;

/** A client that cannot reach the server, with the rejections of its writes. */
function openOffline() {
  t.fate = "offline";
  const { bucket, outbox } = t.open();
  /** @type {unknown[]} */
  const rejected = [];
  /** @param {string} key @param {unknown} value */
  const put = (key, value) => {
    bucket.put(key, value).catch((/** @type {unknown} */ error) => rejected.push(error));
  };
  return { bucket, outbox, rejected, put };
}

test("10,000 writes are queued, the next one rejects until one is discarded", async () => {
  const { bucket, outbox, rejected, put } = openOffline();
  for (let n = 0; n < 10_000; n += 1) put(`key.${n}`, n);
  await outbox.flush();
  assert.deepEqual([outbox.size, rejected], [10_000, []]);
  const error = await failure(bucket.put("more", 1));
  assert.equal(error.code, "OUTBOX_FULL");
  assert.match(error.message, FULL);
  assert.equal(outbox.size, 10_000);
  await outbox.discard(outbox.entries()[0].id);
  put("more", 1);
  await outbox.flush();
  assert.equal(outbox.entries().at(-1).key, "more");
});

test("50 MiB of values are queued, one byte more rejects", async () => {
  t.fate = "offline";
  const { client, outbox } = t.open();
  const bucket = client.kv().bucket(t.name);
  const value = new Uint8Array(MIB);
  for (let n = 0; n < 50; n += 1) bucket.put(`key.${n}`, value).catch(() => {});
  await outbox.flush();
  assert.equal(outbox.size, 50);
  const error = await failure(bucket.put("more", new Uint8Array(1)));
  assert.equal(error.code, "OUTBOX_FULL");
  assert.match(error.message, FULL);
  bucket.put("empty", new Uint8Array()).catch(() => {});
  await outbox.flush();
  assert.equal(outbox.size, 51);
});

test("many writes at once read the journal a few times", async () => {
  const { outbox, put } = openOffline();
  const { backend } = t;
  const read = backend.read.bind(backend);
  let reads = 0;
  backend.read = (scope, place) => {
    reads += 1;
    return read(scope, place);
  };
  for (let n = 0; n < 500; n += 1) put(`key.${n}`, n);
  await outbox.flush();
  assert.equal(outbox.size, 500);
  assert.ok(reads < 20, `${reads} reads`);
});
