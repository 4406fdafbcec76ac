// Values that would be stored as {} or lose data: each is refused with a message that says what to do.
// And what a handle that decodes values takes.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { watching } from "./context.js";
import { invalid } from "./expected.js";

/** @typedef {import("./context.js").Bucket} Bucket */

class Secret {
  #hidden = 1;
  reveal() {
    return this.#hidden;
  }
}

/** Values by what the message says. Those that this platform lacks are left out. */
function refused() {
  /** @type {any} */
  const {
    Blob: B,
    File: F,
    FormData: FD,
    Headers: H,
    Request: Rq,
    Response: Rs,
    ReadableStream: S,
    URLSearchParams: U,
    document,
  } = globalThis;
  const generator = (function* () {})();
  /** @type {[string, unknown][]} */
  const table = [
    ["a Promise: did you forget await?", Promise.resolve(1)],
    // biome-ignore lint/suspicious/noThenProperty: a thenable is what is tested
    ["a Promise: did you forget await?", { then: () => {} }],
    ["a Map: pass Object.fromEntries(map)", new Map([["a", 1]])],
    ["a Set: pass [...set]", new Set([1])],
    ["a WeakMap", new WeakMap()],
    ["a WeakSet", new WeakSet()],
    ["an Error: pass error.message", new Error("no")],
    ["an Error: pass error.message", Object.assign(new TypeError("no"), { code: 1 })],
    ["a RegExp: pass regExp.source", /a/],
    ["an iterator: pass [...iterator]", generator],
    ["an iterator: pass [...iterator]", new Map().keys()],
    ["a Secret: it has no enumerable properties", new Secret()],
    ["a DOMException: pass error.message", new DOMException("no")],
    ["an AbortController", new AbortController()],
    ["the value is not valid Unicode", "a\ud800b"],
    ["the value is not valid Unicode", "\udc00"],
    ["NaN", Number.NaN],
    ["Infinity", Number.POSITIVE_INFINITY],
    ["of type function", () => {}],
    ["of type symbol", Symbol("s")],
    ["of type bigint", 1n],
    ["of type undefined", undefined],
  ];
  if (B) table.push(["a Blob: pass await blob.arrayBuffer()", new B(["a"])]);
  if (F) table.push(["a File: pass await file.arrayBuffer()", new F(["a"], "a.txt")]);
  if (FD) table.push(["a FormData: pass Object.fromEntries(formData)", new FD()]);
  if (H) table.push(["a Headers: pass Object.fromEntries(headers)", new H({ a: "1" })]);
  if (Rq) table.push(["a Request: pass await request.arrayBuffer()", new Rq("http://localhost/")]);
  if (Rs) table.push(["a Response: pass await response.arrayBuffer()", new Rs("a")]);
  if (S) table.push(["a ReadableStream: pass await new Response(stream)", new S()]);
  if (U) table.push(["an URLSearchParams: pass params.toString()", new U("a=1")]);
  if (document) table.push(["no enumerable properties", document.createTextNode("a")]);
  return table;
}

/** Values with one inside that JSON would lose. @type {[string, () => unknown][]} */
const INSIDE = [
  ["a Map", () => ({ a: { b: new Map([["a", 1]]) } })],
  ["a Set", () => [1, new Set([1])]],
  ["a Promise", () => ({ user: Promise.resolve(1) })],
  ["an Error", () => ({ error: new Error("no") })],
  ["a Secret", () => ({ list: [new Secret()] })],
  ["NaN", () => ({ n: Number.NaN })],
  ["Infinity", () => [Number.POSITIVE_INFINITY]],
];

/** What is stored although it looks like one of those. @type {[unknown, string][]} */
const STORED = [
  [{}, "{}"],
  [[], "[]"],
  [Object.create(null), "{}"],
  [{ a: {}, b: null, c: [null] }, '{"a":{},"b":null,"c":[null]}'],
  [null, "null"],
  [new Date(0), '"1970-01-01T00:00:00.000Z"'],
  [new URL("http://localhost/"), '"http://localhost/"'],
  [{ toJSON: () => ({ a: 1 }) }, '{"a":1}'],
  [Object.assign(new Error("no"), { toJSON: () => "no" }), '"no"'],
  [
    new (class Point {
      x = 1;
    })(),
    '{"x":1}',
  ],
  [
    new (class Empty {
      toJSON() {
        return {};
      }
    })(),
    "{}",
  ],
  [Object("text"), '"text"'],
  [Object(1), "1"],
  [{ size: 1, next: 2 }, '{"size":1,"next":2}'],
  [{ a: undefined }, "{}"],
];

/** What each mode stores and gives back, and what it refuses. */
const MODES = {
  json: {
    takes: ["dark", "", '"quoted"', 1, true, null, [1], { a: "b" }, "a\ud800b"],
    refuses: [new Uint8Array(1), new ArrayBuffer(1), undefined, () => {}, Promise.resolve(1)],
  },
  text: {
    takes: ["dark", "", '{"a":1}', "\ufeffa"],
    refuses: [1, true, null, {}, [], new Uint8Array(1), "a\ud800b", undefined],
  },
  bytes: {
    takes: [new Uint8Array([0, 255]), new Uint8Array()],
    refuses: ["text", 1, null, {}, [1], undefined],
  },
};

/** The writes of a handle, each of a value. @type {Record<string, (bucket: any, key: string, value: unknown) => Promise<unknown>>} */
const WRITES = {
  put: (bucket, key, value) => bucket.put(key, value),
  create: (bucket, key, value) => bucket.create(key, value),
  update: (bucket, key, value) => bucket.update(key, value, 0),
  modify: (bucket, key, value) => bucket.modify(key, () => value),
};

/** @type {import("./context.js").Cases} */
export const refusedValues = {
  async "what would lose data is refused, with what to pass instead"(t) {
    const { bucket } = await t.bucket();
    for (const [message, value] of refused()) {
      const error = await rejects(bucket.put("key", value), invalid());
      ok(error.message.includes(message), `${error.message}: expected ${message}`);
    }
    for (const [what, make] of INSIDE) {
      const error = await rejects(bucket.put("key", make()), invalid());
      ok(error.message.includes(what), `${error.message}: expected ${what}`);
    }
    deepEqual(await bucket.listKeys(), []);
  },

  async "an entry is not stored as if it were a value"(t) {
    const { bucket } = await t.bucket();
    const seen = await watching(bucket);
    const view = bucket.view();
    const { revision } = await bucket.put("key", { a: 1 });
    await view.waitFor(revision);
    const [event] = await seen.received(1);
    for (const stored of [await bucket.get("key"), event, view.get("key")]) {
      const error = await rejects(bucket.put("copy", stored), invalid());
      ok(error.message.includes("pass entry.value or entry.json()"), error.message);
    }
    view.stop();
  },

  async "what has a JSON form is stored, however odd it looks"(t) {
    const { bucket } = await t.bucket();
    for (const [value, json] of STORED) {
      await bucket.put("key", value);
      equal((await bucket.get("key")).text(), json);
    }
  },

  async "JSON with a byte order mark is read"(t) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("key", '\ufeff{"a":1}');
    const entry = await bucket.get("key");
    deepEqual(entry.json(), { a: 1 });
    equal(entry.text(), '\ufeff{"a":1}');
    deepEqual((await kv.bucket(name, { decode: "json" }).get("key")).value, { a: 1 });
  },

  async "a handle that decodes values gives back what was written, and takes nothing else"(t) {
    const { kv, name } = await t.bucket();
    for (const [decode, { takes, refuses }] of Object.entries(MODES)) {
      const bucket = kv.bucket(name, { decode: /** @type {any} */ (decode) });
      let keys = 0;
      for (const [method, write] of Object.entries(WRITES)) {
        for (const value of takes) {
          keys += 1;
          const key = `${decode}.${keys}`;
          await write(bucket, key, value);
          deepEqual((await bucket.get(key)).value, value, `${decode} ${method}`);
        }
        for (const value of refuses) {
          // A function given to modify() that gives undefined leaves the key alone.
          if (method === "modify" && (value === undefined || value instanceof Promise)) continue;
          await rejects(write(bucket, "refused", value), invalid());
        }
      }
    }
    ok(!(await kv.bucket(name).listKeys()).includes("refused"), "nothing was written");
  },
};
