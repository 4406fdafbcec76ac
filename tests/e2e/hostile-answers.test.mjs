// Arbitrary responses of a server or a proxy: any status, headers, body and frame. The client resolves with a
// typed result or rejects with a typed error, and nothing else.
//
// IRONFLOW_INPUTS sets the number of random responses per test.

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import fc from "fast-check";
import { api, operations } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { connected, SERVER, settled } from "./support/watched.mjs";

/** Imports a module of the package, which is not type-checked. @param {string} name @returns {Promise<any>} */
const source = (name) => import(new URL(`../../src/js/${name}.js`, import.meta.url).href);

const responses = await source("responses");
const { newFeatures } = await source("features");
const {
  EXPECTED_BUCKETS,
  EXPECTED_BUCKET_INFO,
  EXPECTED_ENTRY,
  EXPECTED_KEYS,
  EXPECTED_PUT_RESULT,
} = await source("enums");
const numRuns = Number(process.env.IRONFLOW_INPUTS ?? 3000);
const { fetch } = globalThis;

/** @type {unknown[]} */
let unhandled = [];
/** @param {unknown} error */
const note = (error) => unhandled.push(error);
beforeEach(() => {
  unhandled = [];
  process.on("unhandledRejection", note);
});
afterEach(() => {
  process.off("unhandledRejection", note);
  globalThis.fetch = fetch;
  assert.deepEqual(unhandled, []);
});

const odd = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    0,
    1,
    -1,
    1.5,
    2 ** 53,
    -0,
    1e300,
    "",
    "put",
    "delete",
    "MQ==",
    null,
    true,
    [],
    {},
  ),
);

/** An object that is nearly right: some of its fields are what they should be. @param {object} sound */
const nearly = (sound) =>
  fc
    .dictionary(fc.constantFrom(...Object.keys(sound), "more", "__proto__"), odd, { maxKeys: 3 })
    .chain((fields) =>
      fc
        .subarray(Object.keys(sound), { minLength: Math.max(0, Object.keys(sound).length - 1) })
        .map((kept) => {
          const right = Object.entries(sound).filter(([name]) => kept.includes(name));
          return JSON.stringify({ ...Object.fromEntries(right), ...fields });
        }),
    );

const entry = { key: "k", value: "MQ==", revision: 1, created_at: "2026-02-22T10:00:00Z" };
const bucket = { name: "b", values: 1, bytes: 2, history: 1, created_at: entry.created_at };
const update = { type: "kv_update", operation: "put", bucket: "b", ...entry };

/** Text that is, or is like, what a server answers. */
const text = fc.oneof(
  nearly({ ...entry, operation: "put" }),
  nearly(bucket),
  nearly(update),
  nearly({ type: "error", message: "m" }),
  nearly({ error: "words", code: "c" }),
  nearly({ keys: ["a"], count: 1 }),
  nearly({ buckets: [bucket], count: 1 }),
  fc.json(),
  fc.string({ unit: "binary" }),
  fc.constantFrom("", "null", "[]", "<html>", "{", "[".repeat(50_000), '"'.repeat(999), "\ufeff{}"),
);

const retryAfter = fc.oneof(
  fc.nat().map(String),
  fc.string(),
  fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
  fc.constantFrom(
    "",
    " 5 ",
    "-1",
    "1.5",
    "1e9",
    "0x10",
    "9".repeat(400),
    "Infinity",
    "NaN",
    "5, 6",
  ),
);

/** The key that an entry names, so that its reader takes the entry for the requested one. @param {string} body */
function keyIn(body) {
  try {
    const key = JSON.parse(body)?.key;
    return typeof key === "string" ? key : "key";
  } catch {
    return "key";
  }
}

/** The expected results, and a check of each. @type {[number, (result: any) => boolean][]} */
const readers = [
  [
    EXPECTED_ENTRY,
    (e) => typeof e.key === "string" && typeof e.value === "string" && e.revision > 0,
  ],
  [EXPECTED_PUT_RESULT, ({ revision }) => Number.isSafeInteger(revision) && revision > 0],
  [EXPECTED_KEYS, (keys) => keys.every((/** @type {unknown} */ key) => typeof key === "string")],
  [EXPECTED_BUCKET_INFO, (info) => typeof info.name === "string"],
  [EXPECTED_BUCKETS, (infos) => Array.isArray(infos)],
];

test("every reader of a response returns a valid result, or undefined", () => {
  const property = fc.property(text, (body) => {
    for (const [expected, isRight] of readers) {
      const answer = { status: 200, text: body, features: newFeatures() };
      const result = responses.readResult(answer, expected, keyIn(body));
      assert.ok(result === undefined || isRight(result), `${expected}: ${body}`);
    }
    assert.equal(typeof responses.readRefusal({ text: body }).message, "string");
  });
  // Only a history, or a stream of entries, may hold a delete.
  const deleted = JSON.stringify({ ...entry, operation: "delete" });
  fc.assert(property, { numRuns, examples: [[deleted]] });
  console.log(`${numRuns} bodies, each to ${readers.length + 1} readers`);
});

test("every frame is an event, words, or to be ignored", () => {
  const frame = fc.oneof(
    text,
    odd,
    fc.uint8Array().map((bytes) => bytes.buffer),
  );
  const property = fc.property(frame, (data) => {
    const frame = responses.parseFrame(data);
    if (typeof frame === "string") return;
    const result = responses.toEvent(frame, "bucket");
    if (typeof result === "string") return;
    assert.ok(Number.isSafeInteger(result.revision) && result.revision > 0);
    assert.ok(["key", "value", "bucket"].every((field) => typeof result[field] === "string"));
    assert.ok(result.operation === "put" || result.operation === "delete");
  });
  fc.assert(property, { numRuns });
  console.log(`${numRuns} frames to the reader`);
});

/** @param {any} error */
function isTyped(error) {
  assert.ok(error instanceof api.IronflowError, String(error));
  assert.ok(typeof error.code === "string" && error.code !== "");
  assert.ok(typeof error.message === "string" && error.message !== "");
  assert.equal(typeof error.retryable, "boolean");
  const { status = 500, retryAfter = 0 } = error;
  assert.ok(Number.isInteger(status), `status ${status}`);
  assert.ok(Number.isFinite(retryAfter) && retryAfter >= 0, `retryAfter ${retryAfter}`);
}

test("every answer settles every operation, with a result or a typed error", async () => {
  const kv = api.createClient({ serverUrl: SERVER, logger: false, retry: false }).kv();
  const headers = fc.dictionary(fc.constantFrom("Retry-After", "Content-Type"), retryAfter);
  const answer = fc.record({
    status: fc.oneof(
      fc.constantFrom(200, 201, 204, 304, 400, 401, 403, 404, 409, 412, 413, 429, 503, 507),
      fc.integer({ min: 200, max: 599 }),
      fc.integer(),
    ),
    text,
    headers,
  });
  let settledSoFar = 0;
  const property = fc.asyncProperty(answer, async ({ status, text, headers }) => {
    // A Response takes no odd status, and no body with some: what stands in for fetch may.
    const get = (/** @type {string} */ name) => headers[name] ?? null;
    const response = { status, ok: status < 300, text: async () => text, headers: { get } };
    globalThis.fetch = /** @type {any} */ (async () => response);
    for (const operation of Object.values(operations)) {
      await operation(kv).catch(isTyped);
      settledSoFar++;
    }
  });
  await fc.assert(property, { numRuns: Math.ceil(numRuns / 10) });
  console.log(`${settledSoFar} operations on made-up answers`);
});

test("every frame on a watch is an event, a typed error or nothing, and the watch goes on", async () => {
  const uninstall = install();
  try {
    const frame = fc.oneof(
      text,
      fc.uint8Array().map((bytes) => bytes.buffer),
    );
    const property = fc.asyncProperty(frame, async (data) => {
      // A watch of its own: what came before on another says nothing about what is new here.
      sockets.length = 0;
      const { socket, calls, watcher } = connected();
      await settled();
      calls.length = 0;
      socket.frame(data);
      socket.frame({ ...update, key: "next", revision: Number.MAX_SAFE_INTEGER });
      await settled();
      watcher.stop();
      await settled();
      assert.equal(calls.pop(), "closed");
      const next = calls.pop();
      assert.equal(next.key, "next");
      assert.ok(calls.length <= 1, "one frame is one event or error at most");
      for (const call of calls) {
        if (call instanceof Error) isTyped(call);
        else assert.equal(typeof call.key, "string");
      }
    });
    await fc.assert(property, { numRuns });
    console.log(`${numRuns} frames on a watch`);
  } finally {
    uninstall();
  }
});
