// Keeps an environment in a file: one line for each bucket and each revision. A start writes all of them to the store
// again, in the same order, so that they get the same revisions.

import { appendFileSync, mkdirSync, readFileSync, truncateSync } from "node:fs";
import { dirname } from "node:path";
import { create } from "./routes.js";

/**
 * The shortest time to live of a restored key, in seconds: no key may expire, which takes a revision, before all
 * are restored.
 */
const MIN_TTL = 60;
const MAX_TTL = 31_536_000;

/** The records of a file. */
function read(file) {
  let text = "";
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (error.code !== "ENOENT") throw error;
  }
  const complete = text.slice(0, text.lastIndexOf("\n") + 1);
  // The server was killed while it wrote the last line.
  if (complete !== text) truncateSync(file, Buffer.byteLength(complete));
  const lines = complete.split("\n").slice(0, -1);
  return lines.map((line, index) => {
    try {
      return JSON.parse(line);
    } catch {
      throw new Error(`${file} cannot be read: line ${index + 1} is not JSON`);
    }
  });
}

/** What is left of the time to live of the last value of a key. */
function ttlOf({ expires_at }) {
  if (expires_at === undefined) return {};
  const left = Math.ceil((Date.parse(expires_at) - Date.now()) / 1000);
  return { ttl: Math.min(Math.max(left, MIN_TTL), MAX_TTL) };
}

const idOf = ({ bucket, key }) => JSON.stringify([bucket, key]);

/** Writes records to an empty store. */
async function restore(store, records, file) {
  const { kv, lives } = store;
  const last = new Map(records.map((record) => [idOf(record), record]));
  for (const [index, record] of records.entries()) {
    const { bucket, epoch, config, key, value, revision, reason } = record;
    const handle = kv.bucket(bucket);
    if (config) await create(store, config, epoch);
    else if (key === undefined) {
      await kv.deleteBucket(bucket);
      lives.delete(bucket);
    } else {
      // Its event is not recorded again.
      lives.get(bucket).restored = revision;
      if (value === undefined) await (reason === "purged" ? handle.purge(key) : handle.delete(key));
      else {
        const options = last.get(idOf(record)) === record ? ttlOf(record) : {};
        const written = await handle.put(key, Buffer.from(value, "base64"), options);
        if (written.revision !== revision)
          throw new Error(`${file} cannot be read: line ${index + 1} has another revision`);
      }
    }
  }
}

/** Fills a store with what a file has, then records what changes. */
export async function openJournal(store, file) {
  mkdirSync(dirname(file), { recursive: true });
  await restore(store, read(file), file);
  const append = (record) => appendFileSync(file, `${JSON.stringify(record)}\n`);
  return {
    created: (config, epoch) => append({ bucket: config.name, epoch, config }),
    deleted: (bucket) => append({ bucket }),
    changed({ bucket, key, operation, value, revision, expires_at, reason }) {
      const stored = operation === "put" ? { value } : {};
      append({ bucket, key, ...stored, revision, expires_at, reason });
    },
  };
}
