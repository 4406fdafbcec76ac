import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { api } from "../support/api.mjs";
import { install, sockets } from "../support/fake-websocket.mjs";
import { everyMember, idle, installNetwork, objects, transports, works } from "./surface.mjs";

installNetwork();

/** What each method is called with, where it takes something. @type {Record<string, any[]>} */
const values = {
  "client.configure": [transports.memory],
  "client.setAuth": [{ apiKey: "key" }],
  "client.onError": [() => {}],
  "kv.createBucket": [{ name: "b" }],
  "kv.deleteBucket": ["other"],
  "kv.getBucketInfo": ["b"],
  "kv.bucket": ["b"],
  "bucket.get": ["key"],
  "bucket.put": ["key", { some: "value" }],
  "bucket.create": ["key", "1"],
  "bucket.update": ["key", "1", 1],
  "bucket.modify": ["key", () => "1"],
  "bucket.delete": ["none"],
  "bucket.purge": ["none"],
  "bucket.watch": [{ onUpdate() {} }],
  "view.subscribe": [() => {}],
  "view.waitFor": [1],
  "view.mutate": ["key", () => "1"],
  "view.get": ["key"],
};

/** How deep the last descent went. */
let reached = 0;

/** Calls at a depth of the stack. @param {number} depth @param {() => void} call */
function descend(depth, call) {
  reached += 1;
  if (reached < depth) descend(depth, call);
  else call();
}

/** A recursion without end, which calls something now and then. @param {() => unknown} call @returns {never} */
function endlessly(call, level = 0) {
  if (level % 25 === 0) call();
  return endlessly(call, level + 1);
}

/** Calls where the stack has all kinds of room left, down to none. @param {() => any} call */
function overflow(call) {
  /** @type {any[]} */
  const results = [];
  let overflows = 0;
  reached = 0;
  assert.throws(() => descend(Infinity, () => {}), RangeError);
  const most = reached;
  for (let depth = most - 400; depth < most; depth += 7) {
    let result;
    reached = 0;
    try {
      descend(depth, () => {
        result = call();
      });
    } catch (error) {
      assert.ok(error instanceof RangeError, `${error}`);
      overflows += 1;
    }
    results.push(result);
  }
  assert.ok(overflows > 0);
  for (const result of results) {
    if (result instanceof Promise) result.catch(() => {});
    else result?.ready?.catch?.(() => {});
    result?.stop?.();
  }
}

/** An object whose members overflow the stack when they are read or called. @param {() => unknown} call */
const trap = (call) =>
  new Proxy({}, { get: () => endlessly(call), ownKeys: () => endlessly(call) });

/** What an application's code can be called from. @type {Record<string, (bucket: any, overflow: () => any, client: any) => any>} */
const places = {
  toJSON: (bucket, overflow) => bucket.put("key", { toJSON: overflow }),
  "a getter of a value": (bucket, overflow) =>
    bucket.put("key", Object.defineProperty({}, "member", { get: overflow, enumerable: true })),
  "a Proxy as options": (bucket, overflow) => bucket.get("key", trap(overflow)),
  "a Proxy as callbacks": (bucket, overflow) => bucket.watch(trap(overflow)),
  "the function of modify": (bucket, overflow) => bucket.modify("key", overflow),
  "an onUpdate callback": async (bucket, overflow) => {
    const watcher = bucket.watch({ onUpdate: overflow }, { key: "key", initial: true });
    await watcher.ready;
    await bucket.put("key", "2");
    await idle();
    watcher.stop();
  },
  "a callback's then": async (bucket, overflow) => {
    const thenable = new Proxy({}, { get: overflow });
    const watcher = bucket.watch({ onUpdate: () => thenable }, { key: "key", initial: true });
    await watcher.ready;
    watcher.stop();
  },
  "onReady, onStateChange and onClose": async (bucket, overflow) => {
    const callbacks = { onReady: overflow, onStateChange: overflow, onClose: overflow };
    const watcher = bucket.watch({ onUpdate() {}, ...callbacks });
    await watcher.ready;
    watcher.stop();
  },
  "a subscriber of a view": async (bucket, overflow) => {
    const view = bucket.view({ key: "key" });
    view.subscribe(overflow);
    await view.ready;
    await bucket.put("key", "2");
    await idle();
    view.stop();
  },
  "an onError handler": async (bucket, overflow, client) => {
    client.onError(overflow);
    await bucket.get("").catch(() => {});
  },
  "a listener of the signal": async (bucket, overflow) => {
    const controller = new AbortController();
    const { signal } = controller;
    signal.addEventListener("abort", () => assert.throws(overflow, RangeError));
    const getting = bucket.get("key", { signal });
    controller.abort();
    await getting;
  },
};

for (const [transport, options] of Object.entries(transports)) {
  describe(`a stack overflow around a call leaves every client working (${transport})`, async () => {
    const other = api.createClient({ logger: false, ...options });
    const held = await objects(options);
    for (const { name } of everyMember(held)) {
      test(name, async () => {
        const fresh = await objects(options);
        const member = everyMember(fresh).find((member) => member.name === name);
        overflow(() => member?.call(...(values[name] ?? [])));
        await idle();
        for (const client of [fresh.client, held.client, other]) {
          client.configure({ logger: false, ...options });
          await works(client);
        }
      });
    }
  });
}

for (const [transport, options] of Object.entries(transports)) {
  describe(`a stack overflow inside a call leaves every client working (${transport})`, () => {
    for (const [name, place] of Object.entries(places)) {
      test(name, async () => {
        const { client, bucket, kv } = await objects(options);
        const others = await objects(options);
        for (const call of [
          () => {},
          () => bucket.get("key").catch(() => {}),
          () => bucket.put("other", "1").catch(() => {}),
          () => bucket.watch({ onUpdate() {} }).stop(),
          () => kv.bucket("b"),
        ]) {
          await (async () => place(bucket, () => endlessly(call), client))().catch(() => {});
        }
        await idle();
        for (const one of [client, others.client]) await works(one);
      });
    }
  });
}

test("the stack is checked before an event of a double, not before one of the platform", async () => {
  const { apply } = Reflect;
  const restore = install();
  try {
    const client = api.createClient({ serverUrl: "http://localhost:1", logger: false });
    const revisions = /** @type {number[]} */ ([]);
    const onUpdate = (/** @type {{ revision: number }} */ event) => revisions.push(event.revision);
    const watcher = client.kv().bucket("b").watch({ onUpdate });
    await idle();
    const [socket] = /** @type {any[]} */ (sockets);
    socket.accept();
    await watcher.ready;
    let checks = 0;
    Reflect.apply = (
      /** @type {Function} */ call,
      /** @type {any} */ self,
      /** @type {any} */ given,
    ) => {
      if (given.length > 1000) checks += 1;
      return apply(call, self, given);
    };
    for (const [revision, isTrusted] of [true, false, true].entries()) {
      const frame = { type: "kv_update", key: "k", value: "", revision: revision + 1 };
      const data = JSON.stringify({ ...frame, operation: "put", bucket: "b" });
      checks = 0;
      socket.onmessage({ data, isTrusted });
      assert.equal(checks > 0, !isTrusted);
    }
    assert.deepEqual(revisions, [1, 2, 3]);
    watcher.stop();
  } finally {
    Reflect.apply = apply;
    restore();
  }
});
