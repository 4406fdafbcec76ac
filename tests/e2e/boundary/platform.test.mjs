import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import { api, operations } from "../support/api.mjs";
import { idle, installNetwork, objects, transports, works } from "./surface.mjs";

installNetwork();

const fail = () => {
  throw new Error("the double throws");
};

/** @type {Record<string, any>} */
const platform = globalThis;

const real = { setTimeout };

// A process waits for its timers, not for those of AbortSignal.timeout().
const alive = setInterval(() => {}, 1000);
after(() => clearInterval(alive));

/** A class whose instances have nothing that is expected of them. */
class Nonsense {}

/** What stands in the place of the platform's own. @type {Record<string, (name: string) => unknown>} */
const doubles = {
  missing: () => undefined,
  throwing: () => fail,
  "a Proxy whose every member throws": () =>
    new Proxy(Nonsense, { get: fail, apply: fail, construct: fail }),
  "of no sense": () => Nonsense,
  "giving undefined": () => () => undefined,
};

/** What is doubled. */
const names = [
  ...["fetch", "WebSocket", "Headers", "AbortController", "performance", "setTimeout"],
  ...["clearTimeout", "queueMicrotask", "FinalizationRegistry", "TextDecoder", "TextEncoder"],
  ...["document", "console", "btoa", "DOMException", "WeakRef"],
];

/** Replaces a global; undefined deletes it. Gives the function that undoes that. @param {string} name @param {unknown} value */
function replace(name, value) {
  const own = Object.getOwnPropertyDescriptor(globalThis, name);
  if (value === undefined) delete platform[name];
  else Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(globalThis, name, own);
    else delete platform[name];
  };
}

/** Starts everything there is; nothing may throw but an error of the package. @param {any} client */
function start(client) {
  /** @type {Promise<unknown>[]} */
  const promises = [];
  /** @param {() => unknown} call */
  const guard = (call) => {
    try {
      return call();
    } catch (error) {
      assert.ok(api.isIronflowError(error), `it throws ${error}`);
    }
  };
  const kv = client.kv();
  for (const [name, call] of Object.entries(operations)) {
    if (name !== "deleteBucket") promises.push(call(kv, { timeout: 40 }));
  }
  promises.push(kv.deleteBucket("other", { timeout: 40 }));
  promises.push(kv.bucket("b").put("key", "größer"));
  promises.push(kv.bucket("b", { decode: "json" }).get("key"));
  for (const open of [
    () => kv.bucket("b").watch({ onUpdate() {} }, { initial: true }),
    () => kv.bucket("b").view(),
  ]) {
    const opened = /** @type {any} */ (guard(open));
    real.setTimeout(() => opened?.stop(), 20);
    if (opened) promises.push(opened.ready);
  }
  guard(() => client.getConfig());
  guard(() => api.createClient(transports.memory));
  return promises.map((promise) =>
    promise.then(
      () => "settled",
      (error) => {
        const own = api.isIronflowError(error) || error?.name === "AbortError";
        return own ? "settled" : `rejected with ${error}`;
      },
    ),
  );
}

/** Waits for a promise so many milliseconds of the real clock. @param {Promise<string>} promise @param {number} limit */
const within = (promise, limit) =>
  Promise.race([promise, new Promise((resolve) => real.setTimeout(resolve, limit, "pending"))]);

/** Other clients, made before anything is replaced. @type {Record<string, any>} */
const others = {};
for (const [transport, options] of Object.entries(transports))
  others[transport] = await objects(options);

for (const [transport, options] of Object.entries(transports)) {
  const other = others[transport];
  describe(`doubles of the platform leave every client working (${transport})`, () => {
    for (const name of names) {
      for (const [kind, double] of Object.entries(doubles)) {
        test(`${name}, ${kind}`, async () => {
          const { client } = await objects(options);
          // Without timers, what never ends by itself has no time limit. Node's own Response needs microtasks.
          const settles = !["setTimeout", "queueMicrotask"].includes(name);
          const restore = replace(name, double(name));
          let outcomes;
          try {
            const limit = settles ? 60_000 : 500;
            outcomes = await Promise.all(start(client).map((each) => within(each, limit)));
          } finally {
            restore();
          }
          const expected = outcomes.map(() => "settled");
          if (settles) assert.deepEqual(outcomes, expected);
          await idle();
          for (const one of [client, other.client]) await works(one);
        });
      }
    }
  });
}
