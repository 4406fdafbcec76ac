// Requests: on a real server, and where `fetch` answers at once.

import { buckets, OPERATIONS, repeat } from "./operations.js";
import { add } from "./report.js";
import { alternate, pace, type Subject } from "./rounds.js";
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
      await fetch(`${server}/api/v1/kv/buckets`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-Ironflow-Environment": "default" },
        body: JSON.stringify({ name }),
      });
      const bucket = buckets[subject](server, name);
      for (const key of KEYS) await bucket.put(key, "1");
      works.push([subject, repeat(bucket, operation, "user.1")]);
    }
    add(`requests.${operation}`, await alternate(Object.fromEntries(works), pace(41, 40)));
  }
}
