// What a case is given: the API under test, and ways to get clients, buckets and watches that are
// cleaned up when it is over.

import { fail, show } from "./assert.js";

/**
 * @typedef {typeof import("../../src/client/types.d.ts")} Api
 * @typedef {import("../../src/client/types.d.ts").IronflowClient} Client
 * @typedef {import("../../src/client/types.d.ts").BrowserKVBucketHandle} Bucket
 * @typedef {import("../../src/client/types.d.ts").IronflowConfigOptions} Options
 * @typedef {import("../../src/client/types.d.ts").KVEntry} Entry
 * @typedef {import("../../src/client/types.d.ts").KVWatchEvent<any>} Event
 * @typedef {import("../../src/client/types.d.ts").KVWatchOptions} WatchOptions
 * @typedef {import("../../src/client/types.d.ts").KVWatchCallbacks<any>} Callbacks
 *
 * @typedef {object} Given what the runner passes: the API, and how to reach the backend under test
 * @property {Options} config
 * @property {string} [watchVersions] the versions of the watch that the server speaks; both if it is not given
 * @property {Api["createClient"]} createClient
 * @property {Api["IronflowError"]} IronflowError
 * @property {Api["IronflowClient"]} IronflowClient
 * @property {Api["BrowserKVClient"]} BrowserKVClient
 * @property {Api["BrowserKVBucketHandle"]} BrowserKVBucketHandle
 *
 * @typedef {ReturnType<typeof createContext>} Context
 * @typedef {(t: Context) => Promise<void>} Case
 * @typedef {Record<string, Case>} Cases
 */

/** @param {string} prefix */
const unique = (prefix) =>
  `${prefix}-${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 12)}`;

/** @param {Given} given */
export function createContext(given) {
  /** @type {(() => unknown)[]} */
  const cleanups = [];

  /** A client of the backend under test. @param {Options} [options] */
  function client(options) {
    const made = given.createClient({ logger: false, ...given.config, ...options });
    cleanups.push(() => made.disconnect());
    return made;
  }

  /**
   * A bucket of its own, empty.
   *
   * @param {Partial<import("../../src/client/types.d.ts").KVBucketConfig>} [settings]
   * @param {Client} [of] the client to make it with
   */
  async function bucket(settings, of = client()) {
    const name = settings?.name ?? newBucketName();
    const kv = of.kv();
    await kv.createBucket({ name, ...settings });
    cleanups.push(() => kv.deleteBucket(name).catch(() => {}));
    return { name, kv, client: of, bucket: kv.bucket(name) };
  }

  /**
   * Several ways to one new bucket: a client each, but for the store in memory, which no second
   * client can reach.
   *
   * @param {number} count
   */
  async function shared(count) {
    const first = await bucket();
    const others = Array.from({ length: count - 1 }, () =>
      onServer ? client().kv().bucket(first.name) : first.kv.bucket(first.name),
    );
    return { ...first, buckets: [first.bucket, ...others] };
  }

  /** Puts something in the place of a global until the case is over. @param {string} name @param {unknown} value */
  function stub(name, value) {
    const saved = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    cleanups.push(() => {
      if (saved) Object.defineProperty(globalThis, name, saved);
      else Reflect.deleteProperty(globalThis, name);
    });
  }

  /**
   * Sends requests elsewhere until the case is over.
   *
   * @param {(request: Request) => unknown} double
   */
  function stubFetch(double) {
    /** @param {Parameters<typeof fetch>} given */
    const fetched = (...given) => double(new Request(...given));
    stub("fetch", fetched);
  }

  /** Counts what is sent from now on, requests and sockets. */
  function network() {
    /** @type {{ requests: string[], sockets: string[] }} */
    const sent = { requests: [], sockets: [] };
    const { fetch, WebSocket } = globalThis;
    stubFetch((request) => {
      sent.requests.push(`${request.method} ${request.url}`);
      return fetch(request);
    });
    if (WebSocket) {
      stub(
        "WebSocket",
        new Proxy(WebSocket, {
          construct(target, args) {
            sent.sockets.push(String(args[0]));
            return Reflect.construct(target, args);
          },
        }),
      );
    }
    return sent;
  }

  /** Every socket that is opened from now on. */
  function sockets() {
    /** @type {WebSocket[]} */
    const opened = [];
    const construct = (/** @type {typeof WebSocket} */ target, /** @type {unknown[]} */ args) => {
      const socket = Reflect.construct(target, args);
      opened.push(socket);
      return socket;
    };
    stub("WebSocket", new Proxy(globalThis.WebSocket, { construct }));
    return opened;
  }

  const newBucketName = () => unique("suite");
  const onServer = given.config.transport !== "memory";
  /** Whether live events have the time of the write: those of version 1 of the watch do not. */
  const hasEventTimes = given.watchVersions !== "1";

  return {
    ...given,
    onServer,
    hasEventTimes,
    newBucketName,
    newEnvironment: () => unique("env"),
    client,
    bucket,
    shared,
    stub,
    stubFetch,
    network,
    sockets,
    async cleanUp() {
      for (const cleanup of cleanups.reverse()) await cleanup();
    },
  };
}

/**
 * Starts a watch and notes all that it calls back.
 *
 * @param {Bucket} bucket
 * @param {WatchOptions} [options]
 * @param {Partial<Callbacks>} [callbacks] called too
 */
export function observe(bucket, options, callbacks = {}) {
  /** @type {Event[]} */
  const events = [];
  /** @type {any[]} */
  const errors = [];
  /** The callbacks' names, in order. @type {string[]} */
  const calls = [];
  /** @type {Set<() => void>} */
  const waiting = new Set();
  /** @param {string} name @param {() => any} call */
  function note(name, call) {
    calls.push(name);
    for (const look of waiting) look();
    return call();
  }
  const watcher = bucket.watch(
    {
      onReady: () => note("onReady", () => callbacks.onReady?.()),
      onUpdate: (event) => {
        events.push(event);
        return note("onUpdate", () => callbacks.onUpdate?.(event));
      },
      ...(callbacks.onStateChange && { onStateChange: callbacks.onStateChange }),
      onError: (error) => {
        errors.push(error);
        return note("onError", () => callbacks.onError?.(error));
      },
      onClose: () => note("onClose", () => callbacks.onClose?.()),
    },
    options,
  );

  /**
   * Waits until a condition holds, which is looked at after each callback.
   *
   * @param {() => boolean} condition
   * @returns {Promise<void>}
   */
  const until = (condition) =>
    new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  const closed = () => calls.includes("onClose");

  return {
    watcher,
    events,
    errors,
    calls,
    /** Until it is open. */
    async ready() {
      await until(() => calls.includes("onReady") || closed());
      if (!calls.includes("onReady")) fail(`the watch ended: ${errors.map(show).join(", ")}`);
    },
    until,
    /** Until it has ended. */
    closed: () => until(closed),
    /** Until so many events have come. @param {number} count */
    async received(count) {
      await until(() => events.length >= count || closed());
      if (events.length < count) {
        fail(`the watch ended after ${events.length} events: ${errors.map(show).join(", ")}`);
      }
      return events;
    },
  };
}

/** A watch that is open. @param {Parameters<typeof observe>} args */
export async function watching(...args) {
  const seen = observe(...args);
  await seen.ready();
  return seen;
}
