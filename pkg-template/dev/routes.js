// The HTTP routes of the protocol, on a client with the store in memory.

import { randomUUID } from "node:crypto";
import { Refusal } from "./errors.js";
import { Life } from "./life.js";

/** The largest body that is read. */
const MAX_BODY = 64 * 1024 * 1024;

const BUCKETS = "/api/v1/kv/buckets";

function decode(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new Refusal(400, "invalid path: it is not percent-encoded UTF-8");
  }
}

/** The parts of an address of the API: bucket, resource (`keys`, `entries`, …) and key. */
export function addressOf(url) {
  const [path, query = ""] = url.split("?", 2);
  const parameters = new URLSearchParams(query);
  if (path === BUCKETS) return { isApi: true, parameters };
  if (!path.startsWith(`${BUCKETS}/`)) return { path, parameters };
  const [bucket, resource, ...key] = path.slice(BUCKETS.length + 1).split("/");
  return {
    isApi: true,
    parameters,
    bucket: decode(bucket),
    resource,
    key: key.length > 0 ? decode(key.join("/")) : undefined,
  };
}

export async function bodyOf(request) {
  const chunks = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size > MAX_BODY) throw new Refusal(413, "value too large", "value_too_large");
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

async function jsonOf(request) {
  try {
    return JSON.parse(Buffer.from(await bodyOf(request)).toString());
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw new Refusal(400, "invalid JSON");
  }
}

/** A revision in decimal digits. None is as large as the largest exact number. */
function digits(text, name) {
  if (/^\d{1,20}$/.test(text)) return Math.min(Number(text), Number.MAX_SAFE_INTEGER);
  throw new Refusal(400, `invalid ${name}: it is not a number`);
}

function ttlOf(text) {
  if (text === undefined) return {};
  const ttl = /^\d+$/.test(text) ? Number(text) : 0;
  if (ttl >= 1 && ttl <= 31_536_000) return { ttl };
  const words = "invalid Ironflow-TTL: it is not a whole number of seconds from 1 to 31536000";
  throw new Refusal(400, words);
}

function boolean(parameters, name) {
  const text = parameters.get(name) ?? "false";
  if (text === "true" || text === "false") return text === "true";
  throw new Refusal(400, `invalid ${name}: it is neither true nor false`);
}

/** A bucket's info with its epoch, which names one life of the bucket. */
const withEpoch = (lives, info) => ({ ...info, epoch: lives.get(info.name)?.epoch });

/** Creates a bucket and follows its revisions. */
export async function create(store, config, epoch = randomUUID()) {
  const { kv, lives } = store;
  const info = await kv.createBucket(config);
  if (!lives.has(info.name)) {
    const life = new Life(epoch, info.history);
    lives.set(info.name, life);
    store.journal?.created(config, epoch);
    const onUpdate = (event) => {
      life.add(event);
      if (event.revision > life.restored) store.journal?.changed(event);
    };
    await kv.bucket(info.name).watch({ onUpdate, onError: () => {} }).ready;
  }
  return withEpoch(lives, info);
}

async function createBucket(store, request) {
  const { name, description, ttl_seconds, max_value_size, max_bytes, history } =
    await jsonOf(request);
  const config = {
    description,
    ttlSeconds: ttl_seconds,
    maxValueSize: max_value_size,
    maxBytes: max_bytes,
    history,
  };
  const given = Object.entries(config).filter(([, value]) => value);
  return [201, await create(store, { name, ...Object.fromEntries(given) })];
}

async function read(bucket, { key, parameters }) {
  const revision = parameters.get("revision");
  if (boolean(parameters, "history")) {
    if (revision !== null) throw new Refusal(400, "history and revision exclude each other");
    const history = (await bucket.history(key)).map((entry) => ({ ...entry }));
    return [200, { history, count: history.length }];
  }
  const options = revision === null ? {} : { revision: digits(revision, "revision") };
  return [200, { ...(await bucket.get(key, options)) }];
}

async function write(bucket, { key }, request) {
  const { headers } = request;
  const expected = headers["if-match"];
  const absent = headers["if-none-match"];
  if (expected !== undefined && absent !== undefined)
    throw new Refusal(400, "If-Match and If-None-Match exclude each other");
  if (absent !== undefined && absent !== "*")
    throw new Refusal(400, "invalid If-None-Match: only * is");
  const revision = expected === undefined ? undefined : digits(expected, "If-Match");
  const options = ttlOf(headers["ironflow-ttl"]);
  const value = await bodyOf(request);
  if (absent) return [200, await bucket.create(key, value, options)];
  if (revision !== undefined) return [200, await bucket.update(key, value, revision, options)];
  return [200, await bucket.put(key, value, options)];
}

async function remove(bucket, { key, parameters }) {
  await (boolean(parameters, "purge") ? bucket.purge(key) : bucket.delete(key));
  return [204];
}

/** Removes a key if a revision is its last. */
async function conditionalRemove(bucket, request) {
  const { key, revision: given, purge = false } = await jsonOf(request);
  if (typeof key !== "string") throw new Refusal(400, "invalid key: it is not a string");
  if (!Number.isInteger(given) || given < 0)
    throw new Refusal(400, "invalid revision: it is not a number");
  const revision = Math.min(given, Number.MAX_SAFE_INTEGER);
  await (purge ? bucket.purge(key, { revision }) : bucket.delete(key, { revision }));
  const marker = (await bucket.history(key)).find(
    (entry) => entry.revision > revision && entry.operation === "delete",
  );
  return [200, { revision: marker?.revision ?? revision + 1 }];
}

async function entries({ lives }, bucket, { parameters }) {
  const filter = parameters.getAll("filter");
  const found = await bucket.entries(filter.length > 0 ? filter : undefined);
  const list = found.map((entry) => ({ ...entry }));
  const { revision } = lives.get(bucket.name);
  return [200, { entries: list, revision, count: list.length }];
}

async function keys(bucket, { parameters }) {
  const found = await bucket.listKeys(parameters.get("filter") ?? undefined);
  return [200, { keys: found, count: found.length }];
}

/** The routes: `METHOD resource`, where `key` is one key. */
const ROUTES = {
  "GET buckets": async ({ store: { kv, lives } }) => {
    const buckets = (await kv.listBuckets()).map((info) => withEpoch(lives, info));
    return [200, { buckets, count: buckets.length }];
  },
  "POST buckets": ({ store, request }) => createBucket(store, request),
  "GET bucket": async ({ store: { kv, lives }, address }) => [
    200,
    withEpoch(lives, await kv.getBucketInfo(address.bucket)),
  ],
  "DELETE bucket": async ({ store: { kv, lives, journal }, address }) => {
    await kv.deleteBucket(address.bucket);
    lives.get(address.bucket)?.end();
    lives.delete(address.bucket);
    journal?.deleted(address.bucket);
    return [204];
  },
  "GET keys": ({ bucket, address }) => keys(bucket, address),
  "GET entries": ({ store, bucket, address }) => entries(store, bucket, address),
  "POST remove": ({ bucket, request }) => conditionalRemove(bucket, request),
  "GET key": ({ bucket, address }) => read(bucket, address),
  "PUT key": ({ bucket, address, request }) => write(bucket, address, request),
  "DELETE key": ({ bucket, address }) => remove(bucket, address),
};

function resourceOf({ bucket, resource, key }) {
  if (bucket === undefined) return "buckets";
  if (resource === undefined) return "bucket";
  return resource === "keys" && key !== undefined ? "key" : resource;
}

/** Carries out a request; returns the status and the body. */
export function route(store, address, request) {
  const resource = resourceOf(address);
  const run = ROUTES[`${request.method} ${resource}`];
  if (!run) {
    const known = Object.keys(ROUTES).some((each) => each.endsWith(` ${resource}`));
    throw known ? new Refusal(405, "method not allowed") : new Refusal(404, "no such resource");
  }
  const bucket = resource.startsWith("bucket") ? undefined : store.kv.bucket(address.bucket);
  return run({ store, bucket, address, request });
}
