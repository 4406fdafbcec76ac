// The state of a client's connection, over all its watches.

import { deepEqual, equal, throws } from "./assert.js";
import { observe, watching } from "./context.js";
import { invalid } from "./expected.js";

/** Notes every change. @param {import("./context.js").Client} client */
function states(client) {
  /** @type {string[]} */
  const seen = [];
  /** @type {() => void} */
  let look = () => {};
  const end = client.onConnectionChange((state) => {
    seen.push(state);
    look();
  });
  return {
    seen,
    end,
    /** Until so many have come. @param {number} count @returns {Promise<void>} */
    async received(count) {
      while (seen.length < count)
        await new Promise((resolve) => {
          look = () => resolve(undefined);
        });
    },
  };
}

/** @type {import("./context.js").Cases} */
export const connection = {
  async "connectionState is disconnected without watches, configured or not"(t) {
    equal(new t.IronflowClient().connectionState, "disconnected");
    const { client } = await t.bucket();
    equal(client.connectionState, "disconnected");
  },

  async "connectionState follows a watch and a view from the beginning to the end"(t) {
    const { bucket, client } = await t.bucket();
    for (const begin of [() => bucket.watch(), () => bucket.view()]) {
      const { seen, received, end } = states(client);
      const watch = begin();
      equal(client.connectionState, "connecting");
      await watch.ready;
      equal(client.connectionState, "connected");
      watch.stop();
      equal(client.connectionState, "disconnected");
      while (seen.at(-1) !== "disconnected") await received(seen.length + 1);
      // In memory, and where a connection is still there, it connects in the same task.
      const settled = seen.filter((state) => state !== "connecting");
      deepEqual(settled, ["connected", "disconnected"]);
      end();
    }
  },

  async "connectionState is connected as long as any watch is"(t) {
    const { bucket, client, kv } = await t.bucket();
    const first = await watching(bucket);
    const missing = observe(kv.bucket(t.newBucketName()));
    equal(client.connectionState, "connected");
    await missing.closed();
    equal(client.connectionState, "connected");
    first.watcher.stop();
    equal(client.connectionState, "disconnected");
  },

  async "disconnect(), configure() and the end of the bucket end in disconnected"(t) {
    /** @type {((made: Awaited<ReturnType<typeof t.bucket>>) => unknown)[]} */
    const endings = [
      ({ client }) => client.disconnect(),
      ({ client }) => client.configure(t.config),
      ({ kv, name }) => kv.deleteBucket(name),
    ];
    for (const end of endings) {
      const made = await t.bucket();
      const seen = await watching(made.bucket);
      await end(made);
      await seen.closed();
      equal(made.client.connectionState, "disconnected");
    }
  },

  async "connect() makes it connected without watches, until disconnect() or configure()"(t) {
    const client = t.client();
    const { seen, received } = states(client);
    for (const end of [() => client.disconnect(), () => client.configure(t.config)]) {
      await client.connect();
      equal(client.connectionState, "connected");
      const watcher = (await t.bucket(undefined, client)).bucket.watch();
      await watcher.ready;
      watcher.stop();
      equal(client.connectionState, "connected");
      end();
      equal(client.connectionState, "disconnected");
    }
    while (seen.at(-1) !== "disconnected") await received(seen.length + 1);
  },

  async "a watch that was aborted before it began changes nothing"(t) {
    const { bucket, client } = await t.bucket();
    const seen = observe(bucket, { signal: AbortSignal.abort() });
    equal(client.connectionState, "disconnected");
    await seen.closed();
    equal(client.connectionState, "disconnected");
  },

  async "onConnectionChange() sees no change where one watch replaces another in the same task"(t) {
    const { bucket, client } = await t.bucket();
    const first = await watching(bucket);
    const second = await watching(bucket);
    const { seen, received } = states(client);
    first.watcher.stop();
    second.watcher.stop();
    const third = bucket.watch();
    await third.ready;
    third.stop();
    await received(1);
    equal(seen.at(-1), "disconnected");
    deepEqual(
      seen.slice(0, -1).filter((state) => state === "disconnected"),
      [],
    );
  },

  async "onConnectionChange() calls back until it is ended, and what a callback throws harms nothing"(
    t,
  ) {
    const { bucket, client } = await t.bucket(undefined, t.client({ logger: false }));
    client.onConnectionChange(() => {
      throw new Error("no");
    });
    const ended = states(client);
    const lasting = states(client);
    ended.end();
    ended.end();
    const seen = await watching(bucket);
    seen.watcher.stop();
    while (lasting.seen.at(-1) !== "disconnected") await lasting.received(lasting.seen.length + 1);
    deepEqual(ended.seen, []);
  },

  async "onConnectionChange() takes a function only"(t) {
    const client = t.client();
    for (const callback of [undefined, null, "connected", {}])
      throws(() => client.onConnectionChange(/** @type {any} */ (callback)), invalid(/callback/));
  },
};
