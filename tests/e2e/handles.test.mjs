// Handles that nothing uses any more are collected, though a client gives the same one each time.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { api } from "./support/api.mjs";

setFlagsFromString("--expose-gc");
/** @type {() => void} */
const gc = runInNewContext("gc");

/** Collects garbage until something holds. @param {() => boolean} holds */
async function collected(holds) {
  for (let n = 0; n < 100 && !holds(); n += 1) {
    await new Promise((next) => setTimeout(next));
    gc();
  }
  return holds();
}

test("a handle is collected, and the next call gives one that works", async () => {
  const kv = api.createClient({ transport: "memory", memory: { buckets: ["b"] } }).kv();
  let made = new WeakRef(kv.bucket("b"));
  assert.ok(await collected(() => made.deref() === undefined));
  await kv.bucket("b").put("key", "1");
  made = new WeakRef(kv.bucket("b"));
  assert.equal(kv.bucket("b"), made.deref());
});

test("a client that nothing uses is collected with its handles", async () => {
  const refs = (() => {
    const client = api.createClient({ transport: "memory", memory: { autoCreate: true } });
    const kv = client.kv();
    return [client, kv, kv.bucket("b")].map((object) => new WeakRef(object));
  })();
  assert.ok(await collected(() => refs.every((ref) => ref.deref() === undefined)));
});

test("without WeakRef or FinalizationRegistry each call gives a handle that works", async () => {
  const { WeakRef: refs, FinalizationRegistry: registry } = globalThis;
  try {
    Object.assign(globalThis, { WeakRef: undefined, FinalizationRegistry: undefined });
    const kv = api.createClient({ transport: "memory", memory: { autoCreate: true } }).kv();
    await kv.bucket("b").put("key", "1");
    assert.equal((await kv.bucket("b").get("key")).text(), "1");
  } finally {
    Object.assign(globalThis, { WeakRef: refs, FinalizationRegistry: registry });
  }
});
