// The operations of a bucket, by each subject.

import { BrowserKVBucketHandle } from "@ironflow/browser";
import { PlainClient } from "../plain/client.js";
import { each, type Subject, type Work } from "./rounds.js";

/** What is written: some 50 bytes of JSON. */
export const VALUE = { name: "Alice", role: "admin", visits: 17 };

export const OPERATIONS = ["get", "put", "create", "update", "find", "listKeys"] as const;
export type Operation = (typeof OPERATIONS)[number];

const JSON_TYPE = "application/json";

/** What of an operation's outcome goes on to the next. */
interface Position {
  revision: number;
  created: number;
}

interface Bucket {
  get(key: string): Promise<unknown>;
  find(key: string): Promise<unknown>;
  put(key: string, value: unknown): Promise<{ revision: number }>;
  create(key: string, value: unknown): Promise<{ revision: number }>;
  update(key: string, value: unknown, revision: number): Promise<{ revision: number }>;
  listKeys(filter?: string): Promise<string[]>;
}

/** A bucket by `fetch` alone. */
function bare(server: string, bucket: string): Bucket {
  const path = `${server}/api/v1/kv/buckets/${bucket}/keys`;
  const ask = async (url: string, init: RequestInit) => {
    const response = await fetch(url, { cache: "no-store", ...init });
    return response.json();
  };
  const environment = { "X-Ironflow-Environment": "default" };
  const write = (key: string, value: unknown, condition: Record<string, string>) =>
    ask(`${path}/${encodeURIComponent(key)}`, {
      method: "PUT",
      headers: { ...environment, "Content-Type": JSON_TYPE, ...condition },
      body: JSON.stringify(value),
    });
  const get = (key: string) => ask(`${path}/${encodeURIComponent(key)}`, { headers: environment });
  return {
    get,
    find: get,
    put: (key, value) => write(key, value, {}),
    create: (key, value) => write(key, value, { "If-None-Match": "*" }),
    update: (key, value, revision) => write(key, value, { "If-Match": `${revision}` }),
    async listKeys(filter = ">") {
      const url = `${path}?filter=${encodeURIComponent(filter)}`;
      return (await ask(url, { headers: environment })).keys;
    },
  };
}

export const buckets: Record<Subject, (server: string, bucket: string) => Bucket> = {
  bare,
  plain: (serverUrl, bucket) => new PlainClient({ serverUrl }).bucket(bucket),
  sdk: (serverUrl, bucket) => new BrowserKVBucketHandle(bucket, { serverUrl }),
};

/** Keys that are created are of one run and one subject. */
let so_far = 0;

/** One operation again and again, on a key that exists. */
export function repeat(bucket: Bucket, operation: Operation, key: string): Work {
  const at: Position = { revision: 0, created: 0 };
  so_far += 1;
  const prefix = `created.${so_far}`;
  const once = {
    get: () => bucket.get(key),
    find: () => bucket.find(key),
    put: () => bucket.put(key, VALUE),
    create: () => {
      at.created += 1;
      return bucket.create(`${prefix}.${at.created}`, VALUE);
    },
    async update() {
      const { revision } = at.revision
        ? await bucket.update(key, VALUE, at.revision)
        : await bucket.put(key, VALUE);
      at.revision = revision;
    },
    listKeys: () => bucket.listKeys("user.>"),
  };
  return each(once[operation]);
}
