// What is stored, and what comes back: byte for byte, in the documented form.

import { deepEqual, equal, ok, rejects, throws } from "./assert.js";
import { watching } from "./context.js";
import { invalid, keyNotFound, valueTooLarge } from "./expected.js";

/**
 * @typedef {import("./context.js").Context} Context
 * @typedef {import("./context.js").Bucket} Bucket
 */

const MIB = 1024 * 1024;

/** @param {string} text */
const utf8 = (text) => new TextEncoder().encode(text);

/** @param {Uint8Array} bytes */
function base64(bytes) {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Every byte there is. */
const everyByte = () => Uint8Array.from({ length: 256 }, (_, n) => n);

/**
 * Puts a value and checks what is stored.
 *
 * @param {Bucket} bucket
 * @param {unknown} value
 * @param {Uint8Array} expected
 * @param {string} [what]
 */
async function stores(bucket, value, expected, what) {
  await bucket.put("key", value);
  const entry = await bucket.get("key");
  // Not deepEqual: a mebibyte of them is slow to compare one by one.
  ok(entry.value === base64(expected), `${what ?? "the value"} as base64`);
  const bytes = entry.bytes();
  ok(bytes instanceof Uint8Array, "bytes() gives a Uint8Array");
  equal(base64(bytes), entry.value, `${what ?? "the value"} as bytes`);
}

/** @param {Context} t @param {Record<string, [unknown, string | Uint8Array]>} table */
async function storesEach(t, table) {
  const { bucket } = await t.bucket();
  for (const [what, [value, expected]] of Object.entries(table)) {
    const bytes = typeof expected === "string" ? utf8(expected) : expected;
    await stores(bucket, value, bytes, what);
  }
}

/** Values that cannot be stored, by what is wrong with them. @returns {Record<string, unknown>} */
function unstorable() {
  /** @type {Record<string, unknown>} */
  const cyclic = {};
  cyclic.self = cyclic;
  const throwing = {
    toJSON() {
      throw new Error("no");
    },
  };
  return {
    undefined: undefined,
    "a function": () => {},
    "a class": class {},
    "a symbol": Symbol("s"),
    "a BigInt": 1n,
    "a BigInt inside an object": { n: 1n },
    "a cyclic object": cyclic,
    NaN: Number.NaN,
    Infinity: Number.POSITIVE_INFINITY,
    "-Infinity": Number.NEGATIVE_INFINITY,
    "a toJSON() that gives undefined": { toJSON: () => undefined },
    "a toJSON() that throws": throwing,
  };
}

/** @type {import("./context.js").Cases} */
export const values = {
  async "a string is stored as its UTF-8 bytes"(t) {
    await storesEach(t, {
      ASCII: ["hello", "hello"],
      "non-ASCII": ["Zoë, 東京, Привет", "Zoë, 東京, Привет"],
      emoji: ["🦀👩‍👩‍👧‍👦", "🦀👩‍👩‍👧‍👦"],
      "control characters": ["\0\t\r\n\u007f", "\0\t\r\n\u007f"],
      "a byte order mark": ["\ufefftext", "\ufefftext"],
      "what looks like JSON": ['{"a":1}', '{"a":1}'],
      "what looks like base64": ["AAAA", "AAAA"],
    });
  },

  async "an empty string and empty bytes are values"(t) {
    await storesEach(t, {
      "an empty string": ["", ""],
      "empty bytes": [new Uint8Array(), ""],
      "an empty buffer": [new ArrayBuffer(0), ""],
    });
    const { bucket } = await t.bucket();
    await bucket.create("empty", "");
    equal((await bucket.get("empty")).value, "");
    deepEqual(await bucket.listKeys(), ["empty"]);
  },

  async "bytes from 0x00 to 0xFF are stored as they are"(t) {
    await storesEach(t, { bytes: [everyByte(), everyByte()] });
  },

  async "every kind of typed array is stored as its bytes"(t) {
    const { buffer } = everyByte();
    /** @type {Record<string, [unknown, Uint8Array]>} */
    const table = {};
    for (const name of [
      "Int8Array",
      "Uint8Array",
      "Uint8ClampedArray",
      "Int16Array",
      "Uint16Array",
      "Int32Array",
      "Uint32Array",
      "Float16Array",
      "Float32Array",
      "Float64Array",
      "BigInt64Array",
      "BigUint64Array",
    ]) {
      const View = /** @type {any} */ (globalThis)[name];
      if (View) table[name] = [new View(buffer), everyByte()];
    }
    await storesEach(t, table);
  },

  async "a view is stored as the part of its buffer that it shows"(t) {
    const { buffer } = everyByte();
    await storesEach(t, {
      "a subarray": [everyByte().subarray(10, 20), everyByte().slice(10, 20)],
      "a typed array": [new Uint16Array(buffer, 6, 3), everyByte().slice(6, 12)],
      "a DataView": [new DataView(buffer, 250), everyByte().slice(250)],
    });
  },

  async "an ArrayBuffer and a SharedArrayBuffer are stored as their bytes"(t) {
    await storesEach(t, { "an ArrayBuffer": [everyByte().buffer, everyByte()] });
    // A page has it only when it is isolated from other origins.
    if (typeof SharedArrayBuffer === "undefined") return;
    const buffer = new SharedArrayBuffer(256);
    new Uint8Array(buffer).set(everyByte());
    await storesEach(t, {
      "a SharedArrayBuffer": [buffer, everyByte()],
      "a view of a SharedArrayBuffer": [new Uint8Array(buffer, 1, 2), everyByte().slice(1, 3)],
    });
  },

  async "everything else is stored as its JSON text"(t) {
    await storesEach(t, {
      "an object": [{ name: "Zoë", tags: ["🦀"] }, '{"name":"Zoë","tags":["🦀"]}'],
      "an array": [[1, "two", null], '[1,"two",null]'],
      "a number": [1.5, "1.5"],
      "minus zero": [-0, "0"],
      true: [true, "true"],
      false: [false, "false"],
      null: [null, "null"],
      "what JSON leaves out": [{ a: undefined, b: [undefined] }, '{"b":[null]}'],
      "a date": [new Date(0), '"1970-01-01T00:00:00.000Z"'],
      "a toJSON()": [{ toJSON: () => ({ a: 1 }) }, '{"a":1}'],
      "a boxed string": [Object("boxed"), '"boxed"'],
    });
  },

  async "a lone surrogate in an object is stored as JSON escapes it"(t) {
    await storesEach(t, { object: [{ text: "\ud800" }, '{"text":"\\ud800"}'] });
  },

  async "a value of 1 MiB is stored, and one byte more is HTTP_413"(t) {
    const { bucket } = await t.bucket();
    const bytes = Uint8Array.from({ length: MIB }, (_, n) => (n * 31) % 256);
    await stores(bucket, bytes, bytes);
    await bucket.put("text", "x".repeat(MIB));
    await rejects(bucket.put("key", new Uint8Array(MIB + 1)), valueTooLarge);
    await rejects(bucket.put("text", "x".repeat(MIB + 1)), valueTooLarge);
    await rejects(bucket.create("new", new Uint8Array(MIB + 1)), valueTooLarge);
    // Two quotation marks make the JSON text longer than the string.
    await rejects(bucket.put("new", ["x".repeat(MIB - 4), 1]), valueTooLarge);
    await rejects(bucket.get("new"), keyNotFound);
    const { revision, value } = await bucket.get("key");
    equal(revision, 1);
    ok(value === base64(bytes), "the value is as it was");
  },

  async "a value larger than the bucket's maxValueSize is HTTP_413"(t) {
    const { bucket } = await t.bucket({ maxValueSize: 10 });
    // What counts are bytes, not characters.
    await bucket.put("key", "ééééé");
    await rejects(bucket.put("key", "ééééé!"), valueTooLarge);
    await rejects(bucket.update("key", "01234567890", 1), valueTooLarge);
    equal((await bucket.get("key")).text(), "ééééé");
  },

  async "what has no JSON text is a ValidationError, and nothing is written"(t) {
    const { bucket } = await t.bucket();
    const sent = t.network();
    for (const [what, value] of Object.entries(unstorable())) {
      await rejects(bucket.put("key", value), invalid(), `put ${what}`);
      await rejects(bucket.create("key", value), invalid(), `create ${what}`);
      await rejects(bucket.update("key", value, 0), invalid(), `update ${what}`);
    }
    deepEqual(sent.requests, []);
    deepEqual(await bucket.listKeys(), []);
  },

  async "a buffer changed after put() was called is stored as it was"(t) {
    const { bucket } = await t.bucket();
    const bytes = everyByte();
    const object = { name: "Alice" };
    const putting = [bucket.put("bytes", bytes), bucket.put("buffer", bytes.buffer)];
    putting.push(bucket.put("object", object));
    bytes.fill(0);
    object.name = "Mallory";
    await Promise.all(putting);
    equal((await bucket.get("bytes")).value, base64(everyByte()));
    equal((await bucket.get("buffer")).value, base64(everyByte()));
    equal((await bucket.get("object")).text(), '{"name":"Alice"}');
  },

  async "create and update store values in the same form as put"(t) {
    const { bucket } = await t.bucket();
    for (const [value, text] of /** @type {[unknown, string][]} */ ([
      ["text", "text"],
      [utf8("bytes"), "bytes"],
      [{ a: 1 }, '{"a":1}'],
      [null, "null"],
    ])) {
      const { revision } = await bucket.create("key", value);
      equal((await bucket.get("key")).text(), text);
      await bucket.update("key", value, revision);
      equal((await bucket.get("key")).text(), text);
      await bucket.delete("key");
    }
  },

  async "an entry gives its JSON, its text and its bytes"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", { name: "Zoë 🦀" });
    const entry = await bucket.get("key");
    deepEqual(entry.json(), { name: "Zoë 🦀" });
    equal(entry.text(), '{"name":"Zoë 🦀"}');
    deepEqual(entry.bytes(), utf8('{"name":"Zoë 🦀"}'));
    entry.bytes().fill(0);
    equal(entry.text(), '{"name":"Zoë 🦀"}', "each call gives bytes of its own");
  },

  async "json() of what is no JSON is a SyntaxError, text() of what is no UTF-8 has U+FFFD"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", Uint8Array.of(0x61, 0xff, 0x62));
    const entry = await bucket.get("key");
    throws(() => entry.json(), { name: "SyntaxError" });
    equal(entry.text(), "a\ufffdb");
    await bucket.put("key", "");
    const empty = await bucket.get("key");
    throws(() => empty.json(), { name: "SyntaxError" });
    equal(empty.text(), "");
    equal(empty.bytes().length, 0);
  },

  async "equality, spread and JSON.stringify of an entry see the documented fields only"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "text");
    const entry = await bucket.get("key");
    const { created_at } = entry;
    const plain = { key: "key", value: btoa("text"), revision: 1, created_at, operation: "put" };
    deepEqual(entry, plain);
    deepEqual({ ...entry }, plain);
    deepEqual(JSON.parse(JSON.stringify(entry)), plain);
    deepEqual(Reflect.ownKeys(entry).sort(), Object.keys(plain).sort());
    deepEqual(structuredClone(entry), plain);
  },

  async "a write gives its revision and nothing else"(t) {
    const { bucket } = await t.bucket();
    deepEqual(await bucket.put("key", "1"), { revision: 1 });
    deepEqual(await bucket.update("key", "2", 1), { revision: 2 });
    deepEqual(await bucket.create("other", "3"), { revision: 3 });
    equal(await bucket.delete("key"), undefined);
    equal(await bucket.purge("key"), undefined);
  },

  async "a watch event holds the value byte for byte and gives it in each form"(t) {
    const { bucket } = await t.bucket();
    const seen = await watching(bucket);
    await bucket.put("bytes", everyByte());
    await bucket.put("object", { name: "Zoë 🦀" });
    await bucket.put("empty", "");
    await bucket.delete("object");
    const [bytes, object, empty, deleted] = await seen.received(4);
    ok(bytes && object && empty && deleted);
    equal(bytes.value, base64(everyByte()));
    deepEqual(bytes.bytes(), everyByte());
    deepEqual(object.json(), { name: "Zoë 🦀" });
    equal(object.text(), '{"name":"Zoë 🦀"}');
    equal(empty.value, "");
    equal(empty.operation, "put");
    equal(deleted.value, "");
    equal(deleted.bytes().length, 0);
  },

  async "a watch event of 1 MiB arrives whole"(t) {
    const { bucket } = await t.bucket();
    const seen = await watching(bucket);
    const bytes = Uint8Array.from({ length: MIB }, (_, n) => (n * 7) % 256);
    await bucket.put("large", bytes);
    const [event] = await seen.received(1);
    ok(event?.value === base64(bytes));
  },

  async "equality, spread and JSON.stringify of an event see the documented fields only"(t) {
    const { bucket, name } = await t.bucket();
    const seen = await watching(bucket);
    await bucket.put("key", "text");
    const [event] = await seen.received(1);
    ok(event);
    const plain = {
      type: "kv_update",
      key: "key",
      value: btoa("text"),
      revision: 1,
      operation: "put",
      bucket: name,
      ...(t.hasEventTimes && { created_at: (await bucket.get("key")).created_at }),
    };
    deepEqual(event, plain);
    deepEqual({ ...event }, plain);
    deepEqual(JSON.parse(JSON.stringify(event)), plain);
    deepEqual(Reflect.ownKeys(event).sort(), Object.keys(plain).sort());
  },

  async "every result has its members in one order, on every transport"(t) {
    const settings = { description: "d", ttlSeconds: 3600, history: 2 };
    const { bucket, kv, name } = await t.bucket(settings);
    const seen = await watching(bucket);
    const put = await bucket.put("k", 1);
    const view = bucket.view();
    await view.ready;
    await bucket.delete("k");
    const [change, removal] = await seen.received(2);
    await bucket.put("k", 2);
    await view.waitFor(3);
    const plain = await kv.createBucket({ name: t.newBucketName() });
    const [listed] = (await kv.listBuckets()).filter((info) => info.name === name);
    /** @param {unknown} value */
    const order = (value) => Object.keys(/** @type {object} */ (value));
    // The memory transport does not report the life of a bucket.
    const epoch = t.onServer ? ["epoch"] : [];
    deepEqual(order(put), ["revision"]);
    const entry = ["key", "value", "revision", "created_at", "operation"];
    deepEqual(order(await bucket.get("k")), [...entry, "expires_at"]);
    const time = t.hasEventTimes ? ["created_at"] : [];
    const event = ["type", "key", "value", "revision", "operation", "bucket", ...time];
    deepEqual(order(change), [...event, "expires_at"]);
    deepEqual(order(removal), event);
    deepEqual(order(view.get("k")), ["key", "value", "revision", ...time]);
    const info = ["name", "values", "bytes", "history", "created_at", ...epoch];
    deepEqual(order(plain), info);
    const whole = ["name", "description", "ttl_seconds", ...info.slice(1)];
    deepEqual(order(await kv.getBucketInfo(name)), whole);
    deepEqual(order(listed), whole);
    view.stop();
    await kv.deleteBucket(plain.name);
  },
};
