// Requests: on a real server, and where `fetch` answers at once.

import { BrowserKVBucketHandle } from "@ironflow/browser";
import { buckets, OPERATIONS, repeat, VALUE } from "./operations.js";
import { add } from "./report.js";
import { alternate, each, pace, type Subject } from "./rounds.js";
import { stubFetch } from "./stubs.js";

const SUBJECTS: Subject[] = ["bare", "plain", "sdk"];
const KEYS = Array.from({ length: 10 }, (_, n) => `user.${n}`);

/** What the SDK and the plain client do beside waiting for the network. */
export async function measureCpu() {
  const entry = {
    key: "user.1",
    value: btoa(JSON.stringify({ name: "Alice", role: "admin", visits: 17 })),
    revision: 7,
    created_at: "2026-02-22T10:00:00.123456789Z",
    operation: "put",
  };
  const answers = {
    get: JSON.stringify(entry),
    find: JSON.stringify(entry),
    put: '{"revision":8}',
    create: '{"revision":8}',
    update: '{"revision":8}',
    listKeys: JSON.stringify({ keys: KEYS, count: KEYS.length }),
  };
  for (const operation of OPERATIONS) {
    const restore = stubFetch(() => answers[operation]);
    const works = SUBJECTS.map((subject) => {
      const bucket = buckets[subject]("http://kv.example.com:9123", "b");
      return [subject, repeat(bucket, operation, "user.1")];
    });
    add(`cpu.${operation}`, await alternate(Object.fromEntries(works), pace(31, 12)));
    restore();
  }
}

/** The same on a server, the one this page comes from. */
export async function measureRequests() {
  const server = location.origin;
  for (const operation of OPERATIONS) {
    const works = [];
    for (const subject of SUBJECTS) {
      // A bucket each: listing must not find what others have created.
      const name = `${subject}-${operation}`;
      await createBucket(name);
      const bucket = buckets[subject](server, name);
      for (const key of KEYS) await bucket.put(key, "1");
      works.push([subject, repeat(bucket, operation, "user.1")]);
    }
    add(`requests.${operation}`, await alternate(Object.fromEntries(works), pace(41, 40)));
  }
  await measureEntries();
  await measureHistory();
}

/** The entries of this many keys, in one response. */
const MANY = 10_000;

/** The history of a key, in one response. */
const REVISIONS = 10;

/** The SDK reads all entries of a bucket; the platform fetches and parses the same JSON. */
async function measureEntries() {
  await createBucket("entries");
  const bucket = new BrowserKVBucketHandle("entries", { serverUrl: location.origin });
  for (let n = 0; n < MANY; n += 500) {
    const keys = Array.from({ length: 500 }, (_, i) => `user.${n + i}`);
    await Promise.all(keys.map((key) => bucket.put(key, VALUE)));
  }
  const url = `${location.origin}/api/v1/kv/buckets/entries/entries?filter=user.%3E`;
  const headers = { "X-Ironflow-Environment": "default" };
  const works = {
    bare: async () => (await (await fetch(url, { cache: "no-store", headers })).json()).entries,
    sdk: () => bucket.entries("user.>"),
  };
  const { fetch: original } = globalThis;
  let requests = 0;
  globalThis.fetch = (...given) => {
    requests += 1;
    return original(...given);
  };
  for (const [subject, read] of Object.entries(works)) {
    requests = 0;
    const found = (await read()).length;
    if (found !== MANY || requests !== 1) {
      throw new Error(`${subject} read ${found} entries in ${requests} requests`);
    }
  }
  globalThis.fetch = original;
  const samples = await alternate({ bare: each(works.bare), sdk: each(works.sdk) }, pace(21, 200));
  add("requests.entries", samples, MANY);
}

/** The SDK reads the history of a key; the platform fetches and parses the same JSON. */
async function measureHistory() {
  await createBucket("history", REVISIONS);
  const bucket = new BrowserKVBucketHandle("history", { serverUrl: location.origin });
  for (let n = 0; n < REVISIONS; n += 1) await bucket.put("user.1", VALUE);
  const url = `${location.origin}/api/v1/kv/buckets/history/keys/user.1?history=true`;
  const headers = { "X-Ironflow-Environment": "default" };
  const works = {
    bare: each(async () => (await fetch(url, { cache: "no-store", headers })).json()),
    sdk: each(async () => {
      const found = (await bucket.history("user.1")).length;
      if (found !== REVISIONS) throw new Error(`${found} revisions`);
    }),
  };
  add("requests.history", await alternate(works, pace(21, 40)), REVISIONS);
}

async function createBucket(name: string, history = 1) {
  await fetch(`${location.origin}/api/v1/kv/buckets`, {
    method: "POST",
    headers: { "Content-Type": "application/json", "X-Ironflow-Environment": "default" },
    body: JSON.stringify({ name, history }),
  });
}
