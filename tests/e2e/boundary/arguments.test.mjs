import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { api } from "../support/api.mjs";
import { everyMember, idle, installNetwork, objects, transports, works } from "./surface.mjs";

installNetwork();

/** How often the values are passed to one client: a throw through the WebAssembly leaks stack each time. */
const TIMES = 1000;

const thrown = new Error("thrown by the caller's own code");
const fail = () => {
  throw thrown;
};

const revoked = (target = {}) => {
  const { proxy, revoke } = Proxy.revocable(target, {});
  revoke();
  return proxy;
};

/** @param {PropertyKey} name @param {any} [object] */
const throwing = (name, object = {}) =>
  Object.defineProperty(object, name, { get: fail, enumerable: true, configurable: true });

const detached = (() => {
  const bytes = new Uint8Array([1, 2, 3]);
  structuredClone(bytes.buffer, { transfer: [bytes.buffer] });
  return bytes;
})();

/** @type {Record<string, any>} */
const hostile = {
  "a revoked Proxy": revoked(),
  "a revoked Proxy of an array": revoked([]),
  "a revoked Proxy of a function": revoked(() => {}),
  "a Proxy whose every trap throws": new Proxy({}, new Proxy({}, { get: fail })),
  "a detached typed array": detached,
  "a detached ArrayBuffer": detached.buffer,
  "an array whose element throws": throwing(0, []),
  "an array with a hostile element": [revoked()],
  "a signal that throws": throwing("aborted"),
  "a signal whose methods throw": { aborted: false, addEventListener: fail },
  "a signal whose reason throws": throwing("reason", {
    aborted: true,
    addEventListener() {},
    removeEventListener: fail,
  }),
  ...Object.fromEntries(
    [
      ...["toJSON", "toString", "valueOf", "then", "length", "constructor", "message", "name"],
      ...[Symbol.toStringTag, Symbol.iterator, Symbol.toPrimitive, Symbol.asyncIterator],
    ].flatMap((name) => [
      [`a getter ${String(name)} that throws`, throwing(name)],
      [`a method ${String(name)} that throws`, { [name]: fail }],
    ]),
  ),
};

/** Every option there is, with a hostile value. @param {any} value @returns {any[]} */
const inOptions = (value) =>
  [
    ...["signal", "timeout", "maxAttempts", "key", "initial", "onUpdate", "onReady", "onError"],
    ...["onStateChange", "onClose", "auth", "memory", "logger", "serverUrl", "retry", "reconnect"],
    ...["environment", "transport", "fallback", "visibility", "name", "description", "history"],
    ...["apiKey", "token", "decode", "ttlSeconds"],
  ].map((option) => ({ [option]: value }));

/** Arguments that a method takes, for what stands beside a hostile one. @type {Record<string, any[]>} */
const ordinary = {
  "bucket.put": ["key", "1"],
  "bucket.create": ["key", "1"],
  "bucket.update": ["key", "1", 1],
  "bucket.modify": ["key", () => "1"],
  "bucket.watch": [{ onUpdate() {} }],
  "kv.createBucket": [{ name: "b" }],
  "view.waitFor": [0],
  "view.mutate": ["key", () => "1"],
};

/** How many arguments a method takes at most, and one more. */
const MOST = 5;

/** Every list of arguments with a hostile value in one place. @param {string} name @param {any} value */
function* lists(name, value) {
  const beside = ordinary[name] ?? ["b"];
  for (let at = 0; at < MOST; at += 1) {
    for (const one of [value, ...(at > 0 || !name.endsWith(".put") ? inOptions(value) : [])]) {
      const list = [...beside];
      list[at] = one;
      yield list;
    }
  }
  for (const option of ["buckets", "name", "autoCreate"])
    yield [{ transport: "memory", memory: { [option]: value } }];
  for (const option of ["apiKey", "token"]) yield [{ auth: { [option]: value } }];
  yield Array(MOST).fill(value);
}

/** What fails because of an argument says so. @param {unknown} error @param {string} what */
function isRefusal(error, what) {
  // A function is called for what it gives: its error is the caller's own.
  const own =
    error === thrown || (what === "a revoked Proxy of a function" && error instanceof TypeError);
  assert.ok(api.isIronflowError(error) || own, `${what}: ${error}`);
}

for (const [transport, options] of Object.entries(transports)) {
  describe(`hostile arguments leave every client working (${transport})`, async () => {
    const other = await objects(options);
    for (const { name } of everyMember(other)) {
      test(name, async () => {
        const held = await objects(options);
        const member = everyMember(held).find((member) => member.name === name);
        const promises = /^(kv|bucket)\.(?!bucket|watch|view)|waitFor|mutate/.test(name);
        for (const [what, value] of Object.entries(hostile)) {
          for (const list of lists(name, value)) {
            let result;
            try {
              result = member?.call(...list);
            } catch (error) {
              assert.ok(!promises, `${name} throws for ${what}: ${error}`);
              isRefusal(error, what);
            }
            if (result instanceof Promise) {
              await result.catch((error) => isRefusal(error, what));
            } else {
              result?.ready?.catch?.(() => {});
              result?.stop?.();
            }
          }
        }
        await idle();
        for (const { client } of [held, other]) {
          client.configure({ logger: false, ...options });
          await works(client);
        }
      });
    }

    test(`the same values ${TIMES} times`, async () => {
      const { bucket, client } = await objects(options);
      for (const value of [revoked(), detached, throwing("signal"), throwing(Symbol.toStringTag)]) {
        for (let time = 0; time < TIMES; time += 1) {
          bucket.put("key", value).catch(() => {});
          bucket.get(value, { signal: value }).catch(() => {});
        }
        await idle();
      }
      for (const one of [client, other.client]) await works(one);
    });
  });
}
