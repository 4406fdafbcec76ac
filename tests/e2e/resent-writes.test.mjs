// Writes through a proxy that sends requests twice and loses responses: each is carried out once.

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { anySeed, seeded } from "./chaos/random.mjs";
import { advance } from "./support/adjustable-clock.mjs";
import { api } from "./support/api.mjs";
import { startNats } from "./support/nats.mjs";
import { startResendingProxy } from "./support/resending-proxy.mjs";
import { startServer } from "./support/server.mjs";

const seed = Number(process.env.SEED ?? anySeed());
const patient = { maxAttempts: -1, backoff: { initial: 1, max: 20 } };

/** @type {Awaited<ReturnType<typeof startNats>>} */
let nats;
before(async () => {
  nats = await startNats();
});
after(() => nats?.stop());

for (const backend of ["memory", "nats"]) {
  describe(`on ${backend}, where a fifth of the requests is resent and a fifth of the responses lost`, () => {
    /** @type {Awaited<ReturnType<typeof startServer>>} */
    let server;
    /** @type {Awaited<ReturnType<typeof startResendingProxy>>} */
    let proxy;
    before(async () => {
      server = await startServer({ store: backend === "nats" ? nats.url : "memory" });
      const random = seeded(seed);
      proxy = await startResendingProxy(server.url, () => ({
        twice: random.fraction() < 0.2,
        atOnce: random.fraction() < 0.5,
        lost: random.fraction() < 0.2,
      }));
    });
    after(async () => {
      proxy?.stop();
      await server?.stop();
    });

    /** Clients through the proxy that know what the server announces, of one new bucket. @param {number} count */
    async function handles(count) {
      const name = `resent-${Math.random().toString(36).slice(2)}`;
      const direct = api.createClient({ serverUrl: server.url, logger: false }).kv();
      await direct.createBucket({ name, history: 5 });
      const clients = Array.from({ length: count }, () =>
        api.createClient({ serverUrl: proxy.url, logger: false, timeout: 120_000, retry: patient }),
      );
      await Promise.all(clients.map((client) => client.connect()));
      return {
        direct: direct.bucket(name),
        buckets: clients.map((client) => client.kv().bucket(name)),
      };
    }

    test(`every kind of write makes one revision (SEED=${seed})`, async () => {
      const { direct, buckets } = await handles(1);
      const [bucket] = buckets;
      assert.ok(bucket);
      let last = 0;
      const writes = [
        () => bucket.put("k", "1"),
        () => bucket.update("k", "2", last),
        () => bucket.delete("k", { revision: last }),
        () => bucket.create("k", "3"),
        () => bucket.delete("k"),
        () => bucket.create("k", "4"),
        () => bucket.purge("k", { revision: last }),
        () => bucket.put("k", "5"),
        () => bucket.purge("k"),
        () => bucket.modify("k", () => "6"),
        () => bucket.modify("k", (entry) => entry && `${entry.text()}7`),
      ];
      for (let round = 0; round < 8; round += 1) {
        for (const write of writes) {
          const result = await write();
          last += 1;
          if (result) assert.equal(result.revision, last, `${write}`);
        }
        assert.equal((await direct.get("k")).text(), "67");
        assert.equal((await direct.get("k")).revision, last);
      }
      const { requests, resent, lost } = proxy.counts;
      assert.ok(resent > 0 && lost > 0, `${requests} requests, ${resent} resent, ${lost} lost`);
    });

    test(`64 clients that each add 1 three times end at 192 (SEED=${seed})`, async () => {
      const { direct, buckets } = await handles(64);
      await direct.put("counter", 0);
      await Promise.all(
        buckets.map(async (bucket) => {
          for (let n = 0; n < 3; n += 1)
            await bucket.modify("counter", (entry) => Number(entry?.json()) + 1);
        }),
      );
      const entry = await direct.get("counter");
      assert.deepEqual([entry.json(), entry.revision], [192, 193]);
    });
  });
}

test("a write is not sent again once the server may have forgotten its id", async () => {
  const { fetch } = globalThis;
  /** @type {string[]} */
  const requests = [];
  globalThis.fetch = async (_, { method = "GET" } = {}) => {
    requests.push(method);
    if (method === "GET") {
      return new Response('{"name":"b"}', { headers: { "Ironflow-KV-Features": "write-id" } });
    }
    await Promise.resolve();
    advance(60_000);
    throw new TypeError("Failed to fetch");
  };
  try {
    const client = api.createClient({ logger: false, timeout: 600_000, retry: patient });
    await client.kv().getBucketInfo("b");
    const write = client.kv().bucket("b").put("k", "v");
    await assert.rejects(write, { code: "REQUEST_FAILED" });
    assert.deepEqual(requests, ["GET", "PUT", "PUT"]);
  } finally {
    globalThis.fetch = fetch;
  }
});
