// The handles that a client gives, and connect().

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { invalid, notConfigured } from "./expected.js";

/** The features of every backend. */
const FEATURES = ["entries", "expiry-events", "history", "key-ttl", "remove", "write-id"];

/** @type {import("./context.js").Cases} */
export const handles = {
  async "kv() and bucket() give the same object each time, until configure() and after it"(t) {
    const made = t.client();
    const kv = made.kv();
    const bucket = kv.bucket("b");
    const json = kv.bucket("b", { decode: "json" });
    made.setAuth({});
    made.configure({ ...t.config, logger: false });
    equal(made.kv(), kv);
    equal(made.kv().bucket("b"), bucket);
    equal(kv.bucket("b", /** @type {any} */ ({})), bucket);
    equal(kv.bucket("b", { decode: "json" }), json);
    const others = [
      json,
      kv.bucket("b", { decode: "text" }),
      kv.bucket("c"),
      t.client().kv().bucket("b"),
      new t.BrowserKVClient(t.config).bucket("b"),
      new t.BrowserKVBucketHandle("b", t.config),
    ];
    equal(new Set([bucket, ...others]).size, 7);
    ok(t.client().kv() !== kv);
  },

  async "clients and handles work through a Proxy, as reactive frameworks make them"(t) {
    const { client, name } = await t.bucket();
    /** As Vue's reactive() reads: getters see the proxy. @template {object} T @param {T} object @returns {T} */
    const proxied = (object) =>
      new Proxy(object, { get: (target, key, proxy) => Reflect.get(target, key, proxy) });
    const made = proxied(client);
    equal(made.isConfigured, true);
    await made.connect();
    deepEqual([...made.features].sort(), FEATURES);
    equal(made.mode, client.mode);
    equal(made.kv(), client.kv());
    const kv = proxied(made.kv());
    equal((await kv.getBucketInfo(name)).name, name);
    const bucket = proxied(kv.bucket(name));
    equal(bucket.name, name);
    await bucket.put("a", "1");
    equal((await bucket.modify("a", () => "2")).revision, 2);
    const view = bucket.view();
    await view.ready;
    equal(view.get("a")?.text(), "2");
    const watcher = bucket.watch({ onUpdate() {} });
    await watcher.ready;
    made.disconnect();
    deepEqual([view.status, watcher.state], ["closed", "disconnected"]);
  },

  async "a handle has the bucket's name"(t) {
    const kv = t.client().kv();
    equal(kv.bucket("a-bucket").name, "a-bucket");
    equal(kv.bucket("b", { decode: "json" }).name, "b");
    equal(new t.BrowserKVBucketHandle("c", t.config).name, "c");
  },

  async "connect() finds out that the server answers, and the features it announces"(t) {
    const made = t.client();
    deepEqual([...made.features].sort(), t.onServer ? [] : FEATURES);
    equal(await made.connect(), undefined);
    deepEqual([...made.features].sort(), FEATURES);
    equal(await made.connect({ timeout: 10_000 }), undefined);
    await rejects(made.connect(/** @type {any} */ ({ retry: 1 })), invalid(/unknown option retry/));
    equal(await made.connect({ signal: AbortSignal.abort("no") }).catch((reason) => reason), "no");
    const unconfigured = new t.IronflowClient();
    deepEqual([...unconfigured.features], []);
    await rejects(unconfigured.connect(), notConfigured);
  },
};
