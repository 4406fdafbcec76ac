// What a view survives: another configuration, a bucket that is missing for a while.

import { deepEqual, equal, isError, ok, rejects } from "./assert.js";
import { observe } from "./context.js";
import { bucketNotFound } from "./expected.js";
import { held, ready, until } from "./views.js";

/** @type {import("./context.js").Cases} */
export const survivingViews = {
  async "a view moves to the new configuration, and keeps its entries until the new ones come"(t) {
    const { bucket, client, name } = await t.bucket();
    await bucket.put("a", "old");
    await bucket.put("gone", "old");
    const view = await ready(bucket);
    const before = view.ready;
    const environment = t.newEnvironment();
    /** @type {import("./context.js").Options} */
    const memory = { transport: "memory", memory: { buckets: [name] } };
    client.configure({ ...t.config, logger: false, environment, ...(!t.onServer && memory) });
    deepEqual([view.status, view.error], ["loading", undefined]);
    deepEqual(held(view), { a: "old 1", gone: "old 2" });
    ok(view.ready !== before);
    if (t.onServer) await client.kv().createBucket({ name });
    await bucket.put("a", "new");
    await view.ready;
    await until(view, () => view.get("a")?.text() === "new");
    deepEqual(held(view), { a: "new 1" });
    deepEqual([view.state, view.status, view.error], ["connected", "ready", undefined]);
    await view.waitFor((await bucket.put("b", "2")).revision);
    deepEqual(held(view), { a: "new 1", b: "2 2" });
    if (t.onServer) await client.kv().deleteBucket(name);
  },

  async "a view moves to the memory transport and back"(t) {
    const { bucket, client, name } = await t.bucket();
    await bucket.put("a", "1");
    const view = await ready(bucket);
    client.configure({ transport: "memory", memory: { buckets: [name] }, logger: false });
    await view.ready;
    equal(view.size, 0);
    await view.waitFor((await bucket.put("b", "2")).revision);
    deepEqual(held(view), { b: "2 1" });
    if (!t.onServer) return;
    client.configure({ ...t.config, logger: false });
    await view.ready;
    deepEqual(held(view), { a: "1 1" });
  },

  async "after configure() to where there is no such bucket, a view lets go of its entries"(t) {
    const { bucket, client } = await t.bucket();
    await bucket.put("a", "1");
    const view = await ready(bucket);
    client.configure({ ...t.config, logger: false, environment: t.newEnvironment() });
    equal(view.size, 1);
    await until(view, () => view.size === 0);
    isError(view.error, bucketNotFound);
    equal(view.status, "loading");
    view.stop();
  },

  async "a watch ends at configure(), with onClose"(t) {
    const { bucket, client } = await t.bucket();
    const seen = observe(bucket);
    await seen.ready();
    client.configure({ ...t.config, logger: false });
    deepEqual(seen.calls, ["onReady", "onClose"]);
  },

  async "a view of a missing bucket is loading, and says why, until the bucket is created"(t) {
    const { kv } = await t.bucket();
    const name = t.newBucketName();
    const view = kv.bucket(name).view();
    await until(view, () => view.error !== undefined);
    isError(view.error, bucketNotFound);
    await until(view, () => view.state === "disconnected");
    deepEqual([view.status, view.size], ["loading", 0]);
    await kv.createBucket({ name });
    await view.ready;
    deepEqual([view.state, view.status, view.error], ["connected", "ready", undefined]);
    await view.waitFor((await kv.bucket(name).put("a", "1")).revision);
    deepEqual(held(view), { a: "1 1" });
    view.stop();
    await kv.deleteBucket(name);
  },

  async "a view keeps the entries of a deleted bucket until the bucket is created again"(t) {
    const { bucket, kv, name } = await t.bucket();
    await bucket.put("a", "1");
    await bucket.put("b", "2");
    const view = await ready(bucket);
    await kv.deleteBucket(name);
    await until(view, () => view.error !== undefined && view.state === "disconnected");
    isError(view.error, bucketNotFound);
    equal(view.status, "ready");
    deepEqual(held(view), { a: "1 1", b: "2 2" });
    await kv.createBucket({ name });
    await bucket.put("a", "new");
    await until(view, () => view.get("a")?.text() === "new");
    deepEqual(held(view), { a: "new 1" });
    equal(view.error, undefined);
  },

  async "a view finds a bucket that another client has created"(t) {
    if (!t.onServer) return;
    const name = t.newBucketName();
    const view = t.client().kv().bucket(name).view();
    await until(view, () => view.error !== undefined && view.state === "disconnected");
    const { bucket } = await t.bucket({ name }, t.client());
    await bucket.put("a", "1");
    await view.ready;
    await until(view, () => view.size === 1);
    view.stop();
  },

  async "a view that waits for its bucket is closed by stop() and by disconnect()"(t) {
    const { kv, client } = await t.bucket();
    const name = t.newBucketName();
    const [stopped, disconnected] = [kv.bucket(name).view(), kv.bucket(name).view({ key: "a" })];
    for (const view of [stopped, disconnected]) {
      await until(view, () => view.error !== undefined && view.state === "disconnected");
    }
    stopped.stop();
    equal(stopped.status, "closed");
    await rejects(stopped.ready, bucketNotFound);
    await rejects(stopped.waitFor(1), bucketNotFound);
    client.disconnect();
    equal(disconnected.status, "closed");
    await kv.createBucket({ name });
    client.configure({ ...t.config, logger: false });
    deepEqual([stopped.status, disconnected.status], ["closed", "closed"]);
    if (t.onServer) await kv.deleteBucket(name);
  },

  async "configure() in a callback of a watch that it ends leaves one watch to each view"(t) {
    const { bucket, client, name } = await t.bucket();
    /** @type {import("./context.js").Options} */
    const options = {
      ...t.config,
      logger: false,
      ...(!t.onServer && { memory: { buckets: [name] } }),
    };
    const view = await ready(bucket);
    const stopped = await ready(bucket, { key: "b" });
    const seen = observe(bucket, undefined, {
      onClose() {
        stopped.stop();
        client.configure(options);
      },
    });
    await seen.ready();
    client.configure(options);
    await view.ready;
    await view.waitFor((await bucket.put("a", "1")).revision);
    deepEqual(held(view), { a: "1 1" });
    equal(stopped.status, "closed");
    client.disconnect();
    equal(view.status, "closed");
  },
};
