import assert from "node:assert/strict";
import { api } from "../support/api.mjs";
import { FakeWebSocket } from "../support/fake-websocket.mjs";

/** @typedef {{ name: string, call: (...values: any[]) => any }} Member */

const info = { name: "b", values: 1, bytes: 1, history: 1, created_at: "2026-02-22T10:00:00Z" };
const entry = { ...info, key: "key", value: "MQ==", revision: 1, operation: "put" };

/** Answers as the protocol says, at once. @param {string} url @param {{ method?: string }} [options] */
async function answer(url, { method = "GET" } = {}) {
  if (method === "DELETE") return new Response(null, { status: 204 });
  if (method === "PUT") return Response.json({ revision: 1 });
  if (method === "POST") return Response.json(info, { status: 201 });
  if (url.endsWith("/buckets")) return Response.json({ buckets: [info], count: 1 });
  if (/\/keys(\?|$)/.test(url)) return Response.json({ keys: ["key"], count: 1 });
  return Response.json(url.includes("/keys/") ? entry : info);
}

/** A WebSocket whose handshake succeeds. */
class AcceptingWebSocket extends FakeWebSocket {
  /** @param {string} url @param {string[]} protocols */
  constructor(url, protocols) {
    super(url, protocols);
    Promise.resolve().then(() => this.accept());
  }
}

/** Puts doubles in the place of the platform's network, and gives the function that undoes that. */
export function installNetwork() {
  const { fetch, WebSocket } = globalThis;
  Object.assign(globalThis, { fetch: answer, WebSocket: AcceptingWebSocket });
  return () => Object.assign(globalThis, { fetch, WebSocket });
}

/** The options of a client by each transport. @type {Record<string, any>} */
export const transports = {
  memory: { transport: "memory", memory: { buckets: ["b"] } },
  http: {
    serverUrl: "http://localhost:1",
    auth: { apiKey: "key" },
    retry: false,
    timeout: 5000,
  },
};

/** One object of each class that an application holds. @param {any} options */
export async function objects(options) {
  const client = api.createClient({ logger: false, ...options });
  const kv = client.kv();
  const bucket = kv.bucket("b");
  await bucket.put("key", "1");
  const watcher = bucket.watch({ onUpdate() {} });
  const view = bucket.view();
  await Promise.all([watcher.ready, view.ready]);
  const snapshot = view.getSnapshot();
  return { client, kv, bucket, watcher, view, snapshot, entry: await bucket.get("key") };
}

/** Every method and property of an object, but for those of plain objects. @param {any} object */
export function members(object) {
  /** @type {Map<PropertyKey, Member>} */
  const found = new Map();
  for (let of = object; of !== Object.prototype; of = Object.getPrototypeOf(of)) {
    for (const name of Reflect.ownKeys(of)) {
      const { value, get } = Object.getOwnPropertyDescriptor(of, name) ?? {};
      if (name === "constructor" || found.has(name)) continue;
      if (typeof value === "function") {
        found.set(name, { name: String(name), call: (...values) => object[name](...values) });
      } else if (get) found.set(name, { name: String(name), call: () => object[name] });
    }
  }
  return [...found.values()];
}

/** Every method and property of every class. @param {Record<string, any>} held */
export const everyMember = (held) =>
  Object.entries(held).flatMap(([type, object]) =>
    members(object).map(({ name, call }) => ({ name: `${type}.${name}`, call })),
  );

/** A client writes, reads, and watches. @param {any} client */
export async function works(client) {
  const bucket = client.kv().bucket("b");
  const { revision } = await bucket.put("key", "1");
  assert.ok(revision > 0);
  const { key, value } = await bucket.get("key");
  assert.deepEqual([key, value], ["key", "MQ=="]);
  const watcher = bucket.watch({ key: "key", initial: true });
  for await (const event of watcher) {
    assert.equal(event.value, "MQ==");
    break;
  }
}

/** Waits until nothing is due any more. */
export const idle = () => new Promise((resolve) => setTimeout(resolve, 5));
