// Clients: their configuration, and what it means for handles and watches.

import { deepEqual, equal, match, ok, rejects } from "./assert.js";
import { observe, watching } from "./context.js";
import { bucketNotFound, keyNotFound } from "./expected.js";

/** @typedef {import("./context.js").Context} Context */

/** Notes the headers of every request. @param {Context} t */
function headersSent(t) {
  /** @type {Headers[]} */
  const headers = [];
  const { fetch } = globalThis;
  t.stubFetch((request) => {
    headers.push(request.headers);
    return fetch(request);
  });
  return headers;
}

/** @type {import("./context.js").Cases} */
export const client = {
  async "getConfig() gives the documented defaults"(t) {
    deepEqual(t.createClient().getConfig(), {
      serverUrl: "http://localhost:9123",
      transport: "connectrpc",
      environment: "default",
      timeout: 30_000,
      auth: {},
      reconnect: {
        enabled: true,
        maxAttempts: 10,
        backoff: { initial: 1000, max: 30_000, multiplier: 2 },
        heartbeat: 30_000,
      },
      retry: {
        enabled: true,
        maxAttempts: 3,
        backoff: { initial: 100, max: 10_000, multiplier: 2 },
      },
      visibility: { pauseOnHidden: false, reconnectOnVisible: true },
      memory: { buckets: [], autoCreate: false },
    });
  },

  async "getConfig() gives what was configured, over the defaults"(t) {
    const logger = {};
    const onError = () => {};
    const token = () => "token";
    const config = t
      .createClient({
        serverUrl: "https://kv.example.com/base/",
        transport: "websocket",
        environment: "staging",
        timeout: 5000,
        auth: { token },
        reconnect: { maxAttempts: -1, backoff: { initial: 5 }, heartbeat: 700 },
        retry: { maxAttempts: 5, backoff: { max: 50 } },
        visibility: { pauseOnHidden: true },
        fallback: "memory",
        logger,
        onError,
      })
      .getConfig();
    equal(config.serverUrl, "https://kv.example.com/base");
    equal(config.transport, "websocket");
    equal(config.environment, "staging");
    equal(config.timeout, 5000);
    deepEqual(config.auth, { token });
    deepEqual(config.reconnect, {
      enabled: true,
      maxAttempts: -1,
      backoff: { initial: 5, max: 30_000, multiplier: 2 },
      heartbeat: 700,
    });
    deepEqual(config.retry, {
      enabled: true,
      maxAttempts: 5,
      backoff: { initial: 100, max: 50, multiplier: 2 },
    });
    equal(config.fallback, "memory");
    deepEqual(config.visibility, { pauseOnHidden: true, reconnectOnVisible: true });
    equal(config.logger, logger);
    equal(config.onError, onError);
    equal(t.createClient({ reconnect: false }).getConfig().reconnect.enabled, false);
  },

  async "changes to the options, or to what getConfig() gave, change nothing"(t) {
    const options = { ...t.config, environment: "one", auth: { apiKey: "key" }, timeout: 7000 };
    const made = t.client(options);
    options.environment = "two";
    options.auth.apiKey = "another";
    const config = made.getConfig();
    equal(config.environment, "one");
    equal(config.auth.apiKey, "key");
    config.auth.apiKey = "a third";
    config.timeout = 1;
    equal(made.getConfig().auth.apiKey, "key");
    equal(made.getConfig().timeout, 7000);
  },

  async "isConfigured says whether configure() has succeeded"(t) {
    const made = new t.IronflowClient();
    equal(made.isConfigured, false);
    made.configure({ ...t.config, logger: false });
    equal(made.isConfigured, true);
    equal(t.client().isConfigured, true);
  },

  async "a client is an IronflowClient, and gives the classes that can be made on their own"(t) {
    const made = t.client();
    ok(made instanceof t.IronflowClient);
    ok(made.kv() instanceof t.BrowserKVClient);
    ok(made.kv().bucket("bucket") instanceof t.BrowserKVBucketHandle);
  },

  async "BrowserKVClient and BrowserKVBucketHandle work with a configuration of their own"(t) {
    const config = { ...t.config, logger: /** @type {const} */ (false) };
    const kv = new t.BrowserKVClient(config);
    ok(kv instanceof t.BrowserKVClient);
    const name = t.newBucketName();
    await kv.createBucket({ name });
    deepEqual(await kv.bucket(name).put("key", "1"), { revision: 1 });

    const handle = new t.BrowserKVBucketHandle(name, config);
    ok(handle instanceof t.BrowserKVBucketHandle);
    // A store in memory belongs to the one configuration it was made with.
    if (t.onServer) equal((await handle.get("key")).text(), "1");
    else await rejects(handle.get("key"), bucketNotFound);
    await kv.deleteBucket(name);
  },

  async "buckets are created, described, listed and deleted"(t) {
    const kv = t.client({ environment: t.newEnvironment() }).kv();
    deepEqual(await kv.listBuckets(), []);
    const name = t.newBucketName();
    const described = `${name}-described`;
    const created = await kv.createBucket({ name });
    match(created.created_at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    const { created_at } = created;
    // The store in memory has no epoch, which distinguishes one life of a bucket from another.
    const { epoch } = /** @type {any} */ (created);
    equal(typeof epoch, t.onServer ? "string" : "undefined");
    const given = { name, values: 0, bytes: 0, history: 1, created_at };
    deepEqual(created, t.onServer ? { ...given, epoch } : given);
    const info = await kv.createBucket({
      name: described,
      description: "Zoë's",
      ttlSeconds: 3600,
      history: 5,
    });
    deepEqual([info.description, info.ttl_seconds, info.history], ["Zoë's", 3600, 5]);
    deepEqual(await kv.getBucketInfo(described), info);

    await kv.bucket(name).put("key", "value");
    const { values, bytes } = await kv.getBucketInfo(name);
    equal(values, 1);
    ok(bytes > 0, "the value takes bytes");
    deepEqual((await kv.listBuckets()).map((bucket) => bucket.name).sort(), [name, described]);

    equal(await kv.deleteBucket(name), undefined);
    await rejects(kv.getBucketInfo(name), bucketNotFound);
    await rejects(kv.deleteBucket(name), bucketNotFound);
    deepEqual(await kv.listBuckets(), [await kv.getBucketInfo(described)]);
    await kv.deleteBucket(described);
  },

  async "a bucket deleted and created again is empty and begins at revision 1"(t) {
    const { kv, bucket, name } = await t.bucket();
    await bucket.put("a", "1");
    await bucket.put("b", "2");
    await kv.deleteBucket(name);
    await rejects(bucket.get("a"), bucketNotFound);
    await kv.createBucket({ name });
    deepEqual(await bucket.listKeys(), []);
    deepEqual(await bucket.put("a", "3"), { revision: 1 });
  },

  async "handles obtained earlier use the configuration in force"(t) {
    const made = t.client({ environment: t.newEnvironment() });
    const { kv, bucket, name } = await t.bucket({}, made);
    await bucket.put("key", "1");
    made.configure({ ...t.config, logger: false, environment: t.newEnvironment() });
    await rejects(bucket.get("key"), bucketNotFound);
    await rejects(kv.getBucketInfo(name), bucketNotFound);
    await kv.createBucket({ name });
    await rejects(bucket.get("key"), keyNotFound);
    deepEqual(await bucket.put("key", "2"), { revision: 1 });
    equal((await made.kv().bucket(name).get("key")).text(), "2");
  },

  async "configure() ends running watches, with one onClose each"(t) {
    const made = t.client();
    const { bucket } = await t.bucket({}, made);
    const open = await watching(bucket);
    const opening = observe(bucket, { key: "a.*" });
    made.configure({ ...t.config, logger: false });
    deepEqual(open.calls, ["onReady", "onClose"]);
    deepEqual(opening.calls, ["onClose"]);
    made.configure({ ...t.config, logger: false });
    await made.kv().listBuckets();
    deepEqual(open.calls, ["onReady", "onClose"]);
    deepEqual(opening.calls, ["onClose"]);
  },

  async "disconnect() ends running watches, and the client goes on"(t) {
    const made = t.client();
    const { bucket } = await t.bucket({}, made);
    const [one, two] = [await watching(bucket), await watching(bucket)];
    made.disconnect();
    made.disconnect();
    deepEqual(one.calls, ["onReady", "onClose"]);
    deepEqual(two.calls, ["onReady", "onClose"]);
    const again = await watching(bucket);
    await bucket.put("key", "1");
    await again.received(1);
    deepEqual(one.events, []);
  },

  async "the client may be used from wherever it calls the application"(t) {
    const options = { ...t.config, logger: /** @type {const} */ (false) };
    const made = t.client({ onError: () => made.disconnect() });
    const { bucket, kv, name } = await t.bucket({}, made);
    /** @type {Promise<unknown>[]} */
    const begun = [];
    const ended = await watching(bucket, {}, { onClose: () => made.configure(options) });
    const value = {
      toJSON() {
        begun.push(bucket.put("inner", "1"));
        made.setAuth({});
        return 1;
      },
    };
    await bucket.put("outer", value, {
      get timeout() {
        begun.push(kv.bucket(name).listKeys());
        return 10_000;
      },
    });
    equal(begun.length, 2);
    await Promise.all(begun);
    await rejects(bucket.get("missing"), keyNotFound);
    deepEqual(ended.calls.slice(-1), ["onClose"]);
    equal(made.isConfigured, true);
  },

  async "many operations at once are kept apart"(t) {
    const { bucket } = await t.bucket();
    const keys = Array.from({ length: 200 }, (_, n) => `key-${n}`);
    const written = await Promise.all(keys.map((key) => bucket.put(key, `value of ${key}`)));
    equal(new Set(written.map(({ revision }) => revision)).size, keys.length);
    const entries = await Promise.all(keys.map((key) => bucket.get(key)));
    for (const [n, entry] of entries.entries()) {
      equal(entry.text(), `value of ${keys[n]}`);
      equal(entry.revision, written[n]?.revision);
    }
  },

  async "two clients are independent of each other"(t) {
    const [one, two] = [t.client(), t.client({ timeout: 5000 })];
    let reported = 0;
    one.onError(() => {
      reported += 1;
    });
    const { bucket, name } = await t.bucket({}, two);
    const seen = await watching(bucket);
    one.disconnect();
    one.configure({ ...t.config, logger: false, environment: t.newEnvironment() });
    await rejects(one.kv().getBucketInfo(name), bucketNotFound);
    equal(reported, 1);
    await rejects(bucket.get("missing"), keyNotFound);
    equal(reported, 1);
    equal(two.getConfig().environment, "default");
    await bucket.put("key", "1");
    await seen.received(1);
    deepEqual(seen.calls, ["onReady", "onUpdate"]);
  },

  async "every configuration with the memory transport begins with an empty store"(t) {
    const options = /** @type {const} */ ({ transport: "memory", logger: false });
    const made = t.createClient(options);
    await made.kv().createBucket({ name: "bucket" });
    equal((await made.kv().listBuckets()).length, 1);
    made.configure(options);
    deepEqual(await made.kv().listBuckets(), []);
    deepEqual(await t.createClient(options).kv().listBuckets(), []);
  },

  async "the memory transport sends nothing"(t) {
    const sent = t.network();
    const made = t.createClient({ transport: "memory", logger: false });
    await made.kv().createBucket({ name: "bucket" });
    const bucket = made.kv().bucket("bucket");
    const seen = await watching(bucket);
    await bucket.put("key", "1");
    await seen.received(1);
    seen.watcher.stop();
    deepEqual(sent, { requests: [], sockets: [] });
  },

  async "a bucket of one environment is unknown in another"(t) {
    if (!t.onServer) return;
    const [one, two] = [t.newEnvironment(), t.newEnvironment()];
    const here = await t.bucket({ name: "same" }, t.client({ environment: one }));
    const other = t.client({ environment: two }).kv();
    await rejects(other.getBucketInfo("same"), bucketNotFound);
    const there = await t.bucket({ name: "same" }, t.client({ environment: two }));
    await here.bucket.put("key", "here");
    await rejects(there.bucket.get("key"), keyNotFound);
    const seen = await watching(there.bucket);
    await here.bucket.put("key", "here");
    await there.bucket.put("key", "there");
    const [event] = await seen.received(1);
    equal(event?.text(), "there");
    equal((await here.bucket.get("key")).text(), "here");
  },

  async "a trailing slash of the server's address and either word for the server make no difference"(
    t,
  ) {
    if (!t.onServer) return;
    const { bucket, name } = await t.bucket();
    await bucket.put("key", "1");
    for (const options of [
      { serverUrl: `${t.config.serverUrl}/` },
      { transport: /** @type {const} */ ("connectrpc") },
      { transport: /** @type {const} */ ("websocket") },
    ]) {
      const same = t.client(options).kv().bucket(name);
      equal((await same.get("key")).text(), "1");
      await watching(same);
    }
  },

  async "setAuth() changes the credentials of the next request and tears nothing down"(t) {
    if (!t.onServer) return;
    const made = t.client({ auth: { token: "first" } });
    const { bucket } = await t.bucket({}, made);
    const seen = await watching(bucket);
    const headers = headersSent(t);
    const auths = [{ token: "second" }, { apiKey: "key", token: "third" }, {}, undefined];
    for (const [n, auth] of auths.entries()) {
      made.setAuth(auth);
      await bucket.put(`key-${n}`, "1");
      deepEqual(made.getConfig().auth, { ...auth });
    }
    deepEqual(
      headers.map((each) => each.get("Authorization")),
      ["Bearer second", "Bearer key", null, null],
    );
    await seen.received(4);
    equal(seen.calls.includes("onClose"), false);
    equal(seen.calls.includes("onError"), false);
  },

  async "every request names the environment and what it carries"(t) {
    if (!t.onServer) return;
    const environment = t.newEnvironment();
    const { bucket } = await t.bucket({}, t.client({ environment }));
    const headers = headersSent(t);
    await bucket.put("key", "text");
    await bucket.put("key", Uint8Array.of(1));
    await bucket.put("key", { a: 1 });
    await bucket.get("key");
    deepEqual(
      headers.map((each) => [each.get("X-Ironflow-Environment"), each.get("Content-Type")]),
      [
        [environment, "application/octet-stream"],
        [environment, "application/octet-stream"],
        [environment, "application/json"],
        [environment, null],
      ],
    );
  },
};
