// Options: unknown and ill-typed ones are refused by name, before anything is sent.

import { allReject, deepEqual, equal, ok, rejects, throws } from "./assert.js";
import { invalid } from "./expected.js";

/** @typedef {import("./context.js").Context} Context */

/** Options of configure() that are refused, and what the message names. @type {[any, string][]} */
const configurations = [
  [5, "options"],
  ["http://localhost:9123", "options"],
  [[], "options"],
  [{ serverURL: "http://x" }, "serverURL"],
  [{ serverUrl: 5 }, "serverUrl"],
  [{ serverUrl: "localhost:9123" }, "serverUrl"],
  [{ serverUrl: "ftp://x" }, "serverUrl"],
  [{ serverUrl: "http://me:secret@x" }, "serverUrl"],
  [{ transport: "memroy" }, "transport"],
  [{ transport: true }, "transport"],
  [{ environment: "" }, "environment"],
  [{ environment: "a\nb" }, "environment"],
  [{ environment: 1 }, "environment"],
  [{ timeout: 0 }, "timeout"],
  [{ timeout: -1 }, "timeout"],
  [{ timeout: Number.NaN }, "timeout"],
  [{ timeout: Number.POSITIVE_INFINITY }, "timeout"],
  [{ timeout: 2 ** 31 }, "timeout"],
  [{ timeout: "5s" }, "timeout"],
  [{ auth: "key" }, "auth"],
  [{ auth: { apikey: "key" } }, "auth.apikey"],
  [{ auth: { apiKey: 5 } }, "auth.apiKey"],
  [{ auth: { apiKey: "a\nb" } }, "auth.apiKey"],
  [{ auth: { token: 5 } }, "auth.token"],
  [{ auth: { token: {} } }, "auth.token"],
  [{ reconnect: 3 }, "reconnect"],
  [{ reconnect: { enabled: "yes" } }, "reconnect.enabled"],
  [{ reconnect: { maxAttempts: 1.5 } }, "reconnect.maxAttempts"],
  [{ reconnect: { maxAttempts: -2 } }, "reconnect.maxAttempts"],
  [{ reconnect: { attempts: 3 } }, "reconnect.attempts"],
  [{ reconnect: { backoff: 100 } }, "reconnect.backoff"],
  [{ reconnect: { backoff: { initial: -1 } } }, "reconnect.backoff.initial"],
  [{ reconnect: { backoff: { max: "1s" } } }, "reconnect.backoff.max"],
  [{ reconnect: { backoff: { multiplier: 0.5 } } }, "reconnect.backoff.multiplier"],
  [{ reconnect: { backoff: { factor: 2 } } }, "reconnect.backoff.factor"],
  [{ retry: 3 }, "retry"],
  [{ retry: { attempts: 3 } }, "retry.attempts"],
  [{ retry: { maxAttempts: "3" } }, "retry.maxAttempts"],
  [{ retry: { backoff: { initial: -1 } } }, "retry.backoff.initial"],
  [{ fallback: "none" }, "fallback"],
  [{ fallback: true }, "fallback"],
  [{ memory: true }, "memory"],
  [{ memory: { name: 5 } }, "memory.name"],
  [{ memory: { name: "" } }, "memory.name"],
  [{ memory: { autoCreate: "yes" } }, "memory.autoCreate"],
  [{ memory: { bucket: "b" } }, "memory.bucket"],
  [{ visibility: true }, "visibility"],
  [{ visibility: { pauseOnHidden: 1 } }, "visibility.pauseOnHidden"],
  [{ visibility: { reconnectOnVisible: "no" } }, "visibility.reconnectOnVisible"],
  [{ visibility: { pause: true } }, "visibility.pause"],
  [{ logger: "console" }, "logger"],
  [{ logger: true }, "logger"],
  [{ onError: "log" }, "onError"],
  [{ onError: {} }, "onError"],
];

/** Settings of createBucket() that are refused. @type {[any, string][]} */
const settings = [
  [undefined, "name"],
  [5, "config"],
  ["bucket", "config"],
  [{}, "name"],
  [{ name: 5 }, "name"],
  [{ name: "b", ttl: 5 }, "ttl"],
  [{ name: "b", ttl_seconds: 5 }, "ttl_seconds"],
  [{ name: "b", ttlSeconds: -1 }, "ttlSeconds"],
  [{ name: "b", ttlSeconds: 1.5 }, "ttlSeconds"],
  [{ name: "b", ttlSeconds: "1" }, "ttlSeconds"],
  [{ name: "b", description: 5 }, "description"],
  [{ name: "b", maxValueSize: -1 }, "maxValueSize"],
  [{ name: "b", maxValueSize: "1k" }, "maxValueSize"],
  [{ name: "b", maxBytes: 0.5 }, "maxBytes"],
  [{ name: "b", maxBytes: Number.POSITIVE_INFINITY }, "maxBytes"],
  [{ name: "b", history: 65 }, "history"],
  [{ name: "b", history: -1 }, "history"],
  [{ name: "b", history: "all" }, "history"],
];

/** RequestOptions that are refused. @type {[any, string][]} */
const requestOptions = [
  [5, "options"],
  ["1s", "options"],
  [{ timout: 5 }, "timout"],
  [{ timeout: 0 }, "timeout"],
  [{ timeout: "1s" }, "timeout"],
  [{ timeout: Number.NaN }, "timeout"],
  [{ signal: {} }, "signal"],
  [{ signal: "stop" }, "signal"],
  [{ signal: new AbortController() }, "signal"],
];

/** Arguments of watch() that are refused. @type {[any, any, string][]} */
const watches = [
  [5, undefined, "options"],
  [5, {}, "callbacks"],
  [{}, {}, "onUpdate"],
  [{ onError() {} }, undefined, "onUpdate"],
  [{ onUpdate: "log" }, undefined, "onUpdate"],
  [{ onUpdate() {}, onError: 5 }, undefined, "onError"],
  [{ onUpdate() {}, onClose: {} }, undefined, "onClose"],
  [{ onUpdate() {}, onReady: true }, undefined, "onReady"],
  [{ onUpdate() {}, onStateChange: "log" }, undefined, "onStateChange"],
  [{ onUpdate() {} }, 5, "options"],
  [{ onUpdate() {} }, "user.*", "options"],
  [{ onUpdate() {} }, { key: 5 }, "key"],
  [{ onUpdate() {} }, { key: [] }, "key"],
  [{ onUpdate() {} }, { key: ["a", 5] }, "key"],
  [{ onUpdate() {} }, { initial: "yes" }, "initial"],
  [{ onUpdate() {} }, { signal: {} }, "signal"],
  [{ onUpdate() {} }, { filter: "user.*" }, "filter"],
  [{ filter: "user.*" }, undefined, "filter"],
];

/** An error that names an option. @param {string} name */
const naming = (name) => invalid(new RegExp(name.replaceAll(".", "\\.")));

/** @type {import("./context.js").Cases} */
export const options = {
  async "an unknown or ill-typed option of a configuration is a ValidationError that names it"(t) {
    for (const [given, name] of configurations) {
      const configuration =
        typeof given === "object" && !Array.isArray(given) ? { ...t.config, ...given } : given;
      throws(() => t.createClient(configuration), naming(name), name);
      throws(() => new t.BrowserKVClient(configuration), naming(name), name);
      throws(() => new t.BrowserKVBucketHandle("bucket", configuration), naming(name), name);
      const error = throws(() => new t.IronflowClient().configure(configuration), naming(name));
      ok(error instanceof t.IronflowError);
    }
  },

  async "what is wrong with a configuration is said with what the option takes"(t) {
    throws(() => t.createClient(/** @type {any} */ ({ serverURL: "http://x" })), {
      message: /^unknown option serverURL; known are: .*serverUrl/,
    });
    throws(() => t.createClient(/** @type {any} */ ({ transport: "memroy" })), {
      message: /"connectrpc", "websocket" or "memory"/,
    });
  },

  async "a refused configuration leaves the one before in force"(t) {
    const { bucket, client } = await t.bucket();
    await bucket.put("key", "1");
    throws(() => client.configure(/** @type {any} */ ({ ...t.config, timeout: -1 })), invalid());
    throws(() => client.setAuth(/** @type {any} */ ({ key: "secret" })), naming("auth.key"));
    equal(client.isConfigured, true);
    equal((await bucket.get("key")).text(), "1");
  },

  async "undefined options are as good as missing ones"(t) {
    const given = { environment: undefined, timeout: undefined, auth: undefined };
    const { environment, timeout } = t
      .client({ ...given, reconnect: undefined, logger: undefined, onError: undefined })
      .getConfig();
    deepEqual({ environment, timeout }, { environment: "default", timeout: 30_000 });
    const { bucket } = await t.bucket({ description: undefined, ttlSeconds: undefined });
    await bucket.put("key", "1", undefined);
    await bucket.get("key", {});
    await bucket.get("key", { signal: undefined, timeout: undefined });
    await bucket.listKeys(undefined, {});
  },

  async "a bad setting of a new bucket is a ValidationError that names it, unsent"(t) {
    const kv = t.client().kv();
    const sent = t.network();
    for (const [config, name] of settings) {
      await rejects(kv.createBucket(config), naming(name), name);
    }
    deepEqual(sent.requests, []);
  },

  async "a bad option of a request is a ValidationError that names it, unsent"(t) {
    const { bucket, kv, name: existing } = await t.bucket();
    const sent = t.network();
    for (const [given, name] of requestOptions) {
      const promises = [
        bucket.get("key", given),
        bucket.put("key", "1", given),
        bucket.create("key", "1", given),
        bucket.update("key", "1", 0, given),
        bucket.delete("key", given),
        bucket.purge("key", given),
        bucket.listKeys(undefined, given),
        bucket.modify("key", () => "1", given),
        kv.createBucket({ name: t.newBucketName() }, given),
        kv.deleteBucket(existing, given),
        kv.listBuckets(given),
        kv.getBucketInfo(existing, given),
      ];
      await allReject(promises, naming(name), name);
    }
    deepEqual(sent.requests, []);
    deepEqual(await bucket.listKeys(), []);
  },

  async "bad callbacks or options of a watch are a ValidationError that names them"(t) {
    const { bucket } = await t.bucket();
    const sent = t.network();
    for (const [callbacks, given, name] of watches) {
      const error = throws(() => bucket.watch(callbacks, given), naming(name), name);
      ok(error instanceof t.IronflowError);
    }
    deepEqual(sent.sockets, []);
  },

  async "a handler that is no function is a ValidationError"(t) {
    const client = t.client();
    for (const handler of [undefined, null, "log", {}]) {
      throws(() => client.onError(/** @type {any} */ (handler)), invalid(/function/));
    }
  },
};
