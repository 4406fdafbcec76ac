// How often JavaScript and WebAssembly call each other: each call of an import or an export counts.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { sockets } from "../support/fake-websocket.mjs";
import { idle, installNetwork, objects, transports } from "./surface.mjs";

let crossings = 0;

/** Functions that count their calls. @param {Record<string, any>} functions */
function counted(functions) {
  const entries = Object.entries(functions).map(([name, member]) => {
    const count = (/** @type {any[]} */ ...values) => {
      crossings += 1;
      return member(...values);
    };
    return [name, typeof member === "function" ? count : member];
  });
  return Object.fromEntries(entries);
}

const { Instance } = WebAssembly;

/** An instance whose imports and exports count their calls. */
function CountedInstance(/** @type {WebAssembly.Module} */ module, /** @type {any} */ imports) {
  // The decoder of the inlined WebAssembly imports nothing.
  if (!imports) return new Instance(module);
  const modules = Object.entries(imports).map(([name, functions]) => [name, counted(functions)]);
  const { exports } = new Instance(module, Object.fromEntries(modules));
  return { exports: counted(exports) };
}

Object.assign(WebAssembly, { Instance: CountedInstance });
installNetwork();

/** @param {() => unknown} call */
async function count(call) {
  await idle();
  crossings = 0;
  await call();
  await idle();
  return crossings;
}

for (const [transport, options] of Object.entries(transports)) {
  describe(`crossings between JavaScript and WebAssembly (${transport})`, () => {
    /** @type {any} */
    let bucket;

    before(async () => {
      const held = await objects(options);
      held.watcher.stop();
      held.view.stop();
      bucket = held.bucket;
    });

    const { signal } = new AbortController();
    /** @type {[string, number, () => unknown][]} */
    const cases = [
      ["put", 8, () => bucket.put("key", "1")],
      ["put of an object", 8, () => bucket.put("key", { some: "value" })],
      ["put with a time limit", 10, () => bucket.put("key", "1", { timeout: 5000 })],
      ["put with a signal", 10, () => bucket.put("key", "1", { signal })],
      ["get", 7, () => bucket.get("key")],
      ["delete", 7, () => bucket.delete("other")],
    ];
    for (const [name, most, call] of cases) {
      test(`${name}: at most ${most}`, async () => {
        await bucket.put("other", "1");
        const crossed = await count(call);
        assert.ok(crossed > 0 && crossed <= most, `${crossed} crossings`);
      });
    }
  });
}

test("a watch frame of a known key crosses twice", async () => {
  const { client } = await objects(transports.http ?? {});
  /** @type {number[]} */
  const revisions = [];
  const watcher = client
    .kv()
    .bucket("watched")
    .watch({
      onUpdate: (/** @type {any} */ event) => revisions.push(event.revision),
    });
  await watcher.ready;
  const frame = (/** @type {number} */ revision) => {
    const event = { type: "kv_update", bucket: "watched", key: "key", value: "MQ==" };
    sockets.at(-1)?.frame({ ...event, revision, operation: "put" });
  };
  frame(101);
  assert.equal(await count(() => frame(102)), 2);
  assert.deepEqual(revisions.slice(-2), [101, 102]);
  watcher.stop();
});
