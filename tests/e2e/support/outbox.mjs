// A network that fails, and a store of an origin, for tests of the outbox in Node.

import assert from "node:assert/strict";
import { join } from "node:path";
import { after, afterEach, before, beforeEach } from "node:test";
import { pathToFileURL } from "node:url";
import { WebSocket } from "ws";
import { api } from "./api.mjs";
import { packageDir } from "./paths.mjs";
import { startServer } from "./server.mjs";

const { createStorage } = await import(pathToFileURL(join(packageDir, "offline.js")).href);

/** A store that survives the clients. */
export class Backend {
  /** @type {Map<string, { meta: any, records: Map<string, any> }>} */
  places = new Map();
  /** @type {Error | undefined} */
  failure;

  /** @param {string} scope @param {string} place */
  async read(scope, place) {
    if (this.failure) throw this.failure;
    const found = this.places.get(JSON.stringify([scope, place]));
    return found && { meta: found.meta, records: [...found.records.values()] };
  }

  /** @param {string} scope @param {string} place @param {any} batch */
  async write(scope, place, { put, remove, meta, known }) {
    if (this.failure) throw this.failure;
    const id = JSON.stringify([scope, place]);
    if (known && !this.places.has(id)) return false;
    const records = this.places.get(id)?.records ?? new Map();
    for (const record of put) records.set(record.key, record);
    for (const key of remove) records.delete(key);
    this.places.set(id, { meta, records });
    return true;
  }

  /** @param {string} scope */
  async clear(scope) {
    for (const id of [...this.places.keys()]) {
      if (JSON.parse(id)[0] === scope) this.places.delete(id);
    }
  }
}

const realFetch = globalThis.fetch;

/** What becomes of a request. @typedef {"offline" | "lost answer" | number | undefined} Fate */

/**
 * Replaces `fetch` by one that fails as `fate` says: "offline", "lost answer", or a status; undefined: not.
 *
 * @param {() => Fate} fate
 */
export function failingFetch(fate) {
  /** @type {{ method: string, url: string, headers: Record<string, string> }[]} */
  const requests = [];
  /** The requests that are not answered yet. @type {Set<Promise<unknown>>} */
  const open = new Set();
  const network = {
    requests,
    answered: () => Promise.all(open),
    /** The features that answers do not announce. @type {RegExp | undefined} */
    without: undefined,
    restore() {
      globalThis.fetch = realFetch;
    },
  };
  /** @type {typeof fetch} */
  const failing = async (url, options) => {
    const { method = "GET", headers } = options ?? {};
    const of = fate();
    requests.push({ method, url: String(url), headers: /** @type {any} */ (headers) });
    if (of === "offline") throw new TypeError("fetch failed");
    if (typeof of === "number") return new Response('{"error":"away"}', { status: of });
    const response = await realFetch(url, options);
    const body = await response.arrayBuffer();
    if (of === "lost answer") throw new TypeError("fetch failed");
    const { status, headers: received } = response;
    const announced = received.get("Ironflow-KV-Features")?.split(", ") ?? [];
    const left = announced.filter((feature) => !network.without?.test(feature));
    const answered = new Headers(received);
    answered.set("Ironflow-KV-Features", left.join(", "));
    return new Response(status === 204 ? null : body, { status, headers: answered });
  };
  globalThis.fetch = (url, options) => {
    const answered = failing(url, options);
    const ended = answered
      .catch(() => {})
      .then(() => {
        open.delete(ended);
      });
    open.add(ended);
    return answered;
  };
  return network;
}

/**
 * A client with an outbox.
 *
 * @param {string} serverUrl
 * @param {Backend} backend
 * @param {{ scope?: string, [option: string]: unknown }} [options]
 */
export function newClient(serverUrl, backend, { scope = "alice", ...options } = {}) {
  const outbox = createStorage({ name: "test", scope, backend });
  return /** @type {any} */ (
    api.createClient(
      /** @type {any} */ ({ serverUrl, outbox, logger: false, retry: false, ...options }),
    )
  );
}

/** What the tests of a file share: a server, and for each test a bucket, a network and a store. */
class Fixture {
  /** What becomes of the requests of all clients. @type {Fate} */
  fate;
  serverUrl = "";
  name = "";
  backend = new Backend();
  /** @type {any[]} */
  clients = [];
  network = failingFetch(() => undefined);
  /** A handle of another client. @type {import("@ironflow/browser").BrowserKVBucketHandle<any>} */
  other = /** @type {any} */ (undefined);

  /** @param {Record<string, unknown>} [options] */
  open(options) {
    const client = newClient(this.serverUrl, this.backend, options);
    this.clients.push(client);
    const bucket = client.kv().bucket(this.name, { decode: "json" });
    return { client, outbox: client.outbox, bucket };
  }

  /** Calls a function while the network works. @template T @param {() => Promise<T>} call */
  async elsewhere(call) {
    const current = this.fate;
    this.fate = undefined;
    try {
      return await call();
    } finally {
      this.fate = current;
    }
  }
}

/** The fixture of a file, whose hooks it registers. */
export function setUp() {
  Object.assign(globalThis, { WebSocket });
  const fixture = new Fixture();
  fixture.network.restore();
  /** @type {Awaited<ReturnType<typeof startServer>>} */
  let server;
  before(async () => {
    server = await startServer();
    fixture.serverUrl = server.url;
  });
  after(() => server.stop());
  beforeEach(async () => {
    fixture.fate = undefined;
    fixture.network = failingFetch(() => fixture.fate);
    fixture.backend = new Backend();
    fixture.name = `outbox-${Math.random().toString(36).slice(2)}`;
    const kv = api.createClient({ serverUrl: server.url, logger: false }).kv();
    const create = () => kv.createBucket({ name: fixture.name, history: 10 });
    // Node sends no POST again if the server has closed a connection that was idle while a test kept Node busy.
    await create().catch(create);
    fixture.other = kv.bucket(fixture.name, { decode: "json" });
  });
  afterEach(() => {
    for (const client of fixture.clients.splice(0)) client.disconnect();
    fixture.network.restore();
    assert.equal(globalThis.fetch, realFetch);
  });
  return fixture;
}

/** Until so many entries are in the outbox. @param {any} outbox @param {number} size */
export const holds = (outbox, size) =>
  new Promise((resolve) => {
    const look = () => {
      if (outbox.size !== size) return;
      end();
      resolve(undefined);
    };
    const end = outbox.subscribe(look);
    look();
  });

/** Whether a promise is not settled soon. @param {Promise<unknown>} promise */
export async function isPending(promise) {
  const pending = Symbol();
  const late = new Promise((resolve) => setTimeout(resolve, 50, pending));
  return (await Promise.race([promise, late])) === pending;
}
