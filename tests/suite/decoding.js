// Typed handles: values that arrive decoded, and those that do not decode.

import { deepEqual, equal, isError, ok, rejects, throws } from "./assert.js";
import { watching } from "./context.js";
import { invalid, keyNotFound } from "./expected.js";

/** @type {import("./context.js").Cases} */
export const decoding = {
  async "decode: json gives the parsed value"(t) {
    const { bucket, kv, name } = await t.bucket();
    const typed = kv.bucket(name, { decode: "json" });
    ok(typed instanceof t.BrowserKVBucketHandle);
    for (const value of [{ name: "Zoë", tags: ["a", 1] }, [], 5, -0.5, true, false, null]) {
      await bucket.put("key", value);
      deepEqual((await typed.get("key")).value, value);
    }
  },

  async "decode: text gives the text, and decode: bytes the bytes"(t) {
    const { bucket, kv, name } = await t.bucket();
    for (const text of ["", "Zoë 😀", "\uFEFFwith a mark", '{"json":true}']) {
      await bucket.put("key", text);
      equal((await kv.bucket(name, { decode: "text" }).get("key")).value, text);
      const { value } = await kv.bucket(name, { decode: "bytes" }).get("key");
      ok(value instanceof Uint8Array);
      deepEqual(value, new TextEncoder().encode(text));
    }
  },

  async "without decode the value stays base64"(t) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("key", "text");
    for (const options of [undefined, null, {}, { decode: undefined }, { decode: null }]) {
      const handle = kv.bucket(name, /** @type {any} */ (options));
      equal((await handle.get("key")).value, btoa("text"));
    }
  },

  async "a decoded entry has the fields and methods of any other"(t) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("key", [1]);
    const plain = await bucket.get("key");
    const decoded = await kv.bucket(name, { decode: "json" }).get("key");
    deepEqual({ ...decoded }, { ...plain, value: [1] });
    deepEqual(JSON.parse(JSON.stringify(decoded)), { ...plain, value: [1] });
    deepEqual(decoded.json(), [1]);
    equal(decoded.text(), "[1]");
    deepEqual(decoded.bytes(), plain.bytes());
    deepEqual(new Proxy(decoded, {}).json(), [1], "through a proxy, as some frameworks make");
  },

  async "a handle that decodes lists and deletes as any other"(t) {
    const { kv, name } = await t.bucket();
    for (const decode of /** @type {any[]} */ (["json", "text", "bytes"])) {
      /** @param {string} text */
      const value = (text) => (decode === "bytes" ? new TextEncoder().encode(text) : text);
      const typed = kv.bucket(name, { decode });
      const key = `key.${decode}`;
      const { revision } = await typed.create(key, value("1"));
      deepEqual(await typed.put(key, value("2")), { revision: revision + 1 });
      deepEqual(await typed.update(key, value("3"), revision + 1), { revision: revision + 2 });
      const keys = await typed.listKeys(key);
      deepEqual({ ...keys }, { 0: key });
      equal(await typed.delete(key), undefined);
      equal(await typed.purge(key), undefined);
    }
  },

  async "a value that does not decode is a ValidationError that names the key"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (...values) => reported.push(values) });
    const { bucket, kv, name } = await t.bucket({}, client);
    for (const [value, mode] of /** @type {const} */ ([
      ["no json", "json"],
      ["", "json"],
      [Uint8Array.of(0x22, 0xff, 0x22), "json"],
      [Uint8Array.of(0xff), "text"],
    ])) {
      await bucket.put("a.key", value);
      const typed = kv.bucket(name, /** @type {any} */ ({ decode: mode }));
      const error = await rejects(typed.get("a.key"), invalid(/a\.key.*(json|text)/));
      ok(error instanceof t.IronflowError);
      ok(error.cause instanceof Error);
      const context = { operation: "get", bucket: name, key: "a.key" };
      deepEqual(reported.splice(0), [[error, context]]);
      await rejects(
        typed.modify("a.key", () => "1"),
        invalid(/a\.key/),
      );
      equal(reported.splice(0).length, 1);
    }
    await rejects(kv.bucket(name, { decode: "json" }).get("missing"), keyNotFound);
  },

  async "modify() hands on the decoded value"(t) {
    const { kv, name } = await t.bucket();
    const counters = kv.bucket(name, { decode: "json" });
    const add = (/** @type {import("./context.js").Entry | undefined} */ entry) =>
      Number(entry?.value ?? 0) + 1;
    await counters.modify("key", add);
    await counters.modify("key", add);
    equal((await counters.get("key")).value, 2);
  },

  async "a watch gives decoded values, and none for what is deleted"(t) {
    const { bucket, kv, name } = await t.bucket();
    const plain = await watching(bucket);
    const json = await watching(kv.bucket(name, { decode: "json" }));
    const text = await watching(kv.bucket(name, { decode: "text" }));
    await bucket.put("a", { n: 1 });
    await bucket.delete("a");
    const values = async (/** @type {typeof plain} */ seen) =>
      (await seen.received(2)).map(({ value }) => value);
    deepEqual(await values(json), [{ n: 1 }, undefined]);
    deepEqual(await values(text), ['{"n":1}', undefined]);
    deepEqual(await values(plain), [btoa('{"n":1}'), ""]);
    const [event] = json.events;
    deepEqual([event?.text(), event?.json()], ['{"n":1}', { n: 1 }]);
  },

  async "a change that does not decode goes to onError, and the watch goes on"(t) {
    /** @type {any[]} */
    const reported = [];
    const client = t.client({ onError: (...values) => reported.push(values) });
    const { bucket, kv, name } = await t.bucket({}, client);
    await bucket.put("a.old", "no json");
    const plain = await watching(bucket);
    const seen = await watching(kv.bucket(name, { decode: "json" }), { key: "a.*", initial: true });
    const { revision } = await bucket.put("a.new", "no json");
    await bucket.put("a.new", true);
    deepEqual(
      (await seen.received(1)).map(({ value }) => value),
      [true],
    );
    equal((await plain.received(2)).length, 2);
    deepEqual(seen.calls, ["onError", "onReady", "onError", "onUpdate"]);
    for (const [n, key] of ["a.old", "a.new"].entries()) {
      const error = seen.errors[n];
      isError(error, invalid(new RegExp(`${key} cannot be read as json`)));
      ok(error instanceof t.IronflowError);
      deepEqual(error.details, { key, revision: key === "a.old" ? 1 : revision });
      deepEqual(reported[n]?.[0], error);
      equal(reported[n]?.[1].operation, "watch");
    }
    deepEqual(plain.errors, []);
  },

  async "an unknown mode or option is a ValidationError that names it"(t) {
    const kv = t.client().kv();
    for (const [options, words] of /** @type {[any, RegExp][]} */ ([
      [{ decode: "yaml" }, /decode must be "json", "text" or "bytes"/],
      [{ decode: true }, /decode must be/],
      [{ decode: JSON.parse }, /decode must be/],
      [{ decoder: "json" }, /unknown option decoder/],
      ["json", /options must be an object/],
    ])) {
      throws(() => kv.bucket("b", options), invalid(words));
    }
  },
};
