// What a server announces, and what is not sent to one that has not announced it.

import { deepEqual, equal, ok, rejects } from "./assert.js";
import { bucketNotFound, http, unsupported } from "./expected.js";

/** @typedef {import("./context.js").Context} Context */

const HEADER = "Ironflow-KV-Features";
const INFO = { name: "b", values: 0, bytes: 0, history: 1, created_at: "" };
const MARKER = '{"revision":8}';

/** @param {unknown} body @param {string | null} [features] @param {number} [status] */
const answer = (body, features = null, status = 200) =>
  new Response(typeof body === "string" ? body : JSON.stringify(body), {
    status,
    headers: features === null ? {} : { [HEADER]: features },
  });

/**
 * A server that only exists as a double of fetch.
 *
 * @param {Context} t
 * @param {(request: string) => Response} respond to `GET /path`
 * @param {import("./context.js").Options} [options]
 */
function server(t, respond, options) {
  /** @type {string[]} */
  const requests = [];
  t.stubFetch(async ({ method, url }) => {
    const path = new URL(url).pathname.replace("/api/v1/kv/buckets", "");
    requests.push(`${method} ${path}`);
    return respond(requests.at(-1) ?? "");
  });
  const serverUrl = "http://localhost:9";
  const client = t.createClient({ serverUrl, logger: false, retry: false, ...options });
  return { client, kv: client.kv(), bucket: client.kv().bucket("b"), requests };
}

/** @type {import("./context.js").Cases} */
export const features = {
  async "any response announces the server's features, a refusal too"(t) {
    for (const [body, status] of /** @type {[unknown, number][]} */ ([
      [INFO, 200],
      ['{"error":"bucket not found"}', 404],
      ['{"error":"no"}', 403],
    ])) {
      const { client, kv } = server(t, () => answer(body, "write-id, remove,of-tomorrow", status));
      deepEqual([...client.features], []);
      await kv.getBucketInfo("b").catch(() => {});
      deepEqual([...client.features], ["write-id", "remove", "of-tomorrow"], `${status}`);
      const { features } = client;
      await kv.getBucketInfo("b").catch(() => {});
      equal(client.features, features, "it is the same set until the server announces others");
      client.configure({ serverUrl: "http://localhost:9", logger: false });
      deepEqual([...client.features], []);
    }
  },

  async "a response without the header ends features, an error or a page without it does not"(t) {
    let respond = () => answer(INFO, "remove");
    const { client, kv } = server(t, () => respond());
    await kv.getBucketInfo("b");
    for (const other of [
      () => answer("no", null, 502),
      () => answer("no", null, 404),
      () => new Response("<p>Log in</p>", { headers: { "Content-Type": "text/html" } }),
    ]) {
      respond = other;
      await rejects(kv.getBucketInfo("b"));
      deepEqual([...client.features], ["remove"]);
    }
    respond = () => answer(INFO);
    await kv.getBucketInfo("b");
    deepEqual([...client.features], []);
  },

  async "what the server has not announced is UNSUPPORTED before anything is sent"(t) {
    const { kv, bucket, requests } = server(t, () => answer(INFO, "write-id"));
    await kv.getBucketInfo("b");
    requests.length = 0;
    await rejects(bucket.delete("k", { revision: 7 }), unsupported("remove"));
    await rejects(bucket.purge("k", { revision: 7 }), unsupported("remove"));
    deepEqual(requests, []);
  },

  async "before the first response the bucket's info is read first"(t) {
    const { bucket, requests } = server(t, (request) =>
      answer(request.startsWith("GET") ? INFO : MARKER, "remove"),
    );
    equal(await bucket.delete("k", { revision: 7 }), undefined);
    await bucket.purge("k", { revision: 8 });
    deepEqual(requests, ["GET /b", "POST /b/remove", "POST /b/remove"]);

    const without = server(t, () => answer(INFO));
    await rejects(without.bucket.delete("k", { revision: 7 }), unsupported("remove"));
    deepEqual(without.requests, ["GET /b"]);

    const failing = server(t, () => answer('{"error":"no"}', null, 503));
    await rejects(failing.bucket.delete("k", { revision: 7 }), http(503, "no"));
    deepEqual(failing.requests, ["GET /b"]);
  },

  async "a bucket may have fewer features than its server"(t) {
    const info = { ...INFO, features: ["write-id"] };
    const { kv, bucket, requests } = server(t, (request) => {
      if (request === "GET ") return answer({ buckets: [info], count: 1 }, "write-id, remove");
      return answer(request.startsWith("GET") ? info : MARKER, "write-id, remove");
    });
    await rejects(bucket.delete("k", { revision: 7 }), unsupported("remove"));
    deepEqual(requests, ["GET /b"]);
    deepEqual((await kv.getBucketInfo("b")).features, ["write-id"]);
    await kv.bucket("other").delete("k", { revision: 7 });
    equal(requests.at(-1), "POST /other/remove");
    const again = server(t, (request) =>
      request === "GET "
        ? answer({ buckets: [info], count: 1 }, "remove")
        : answer(MARKER, "remove"),
    );
    await again.kv.listBuckets();
    await rejects(again.bucket.delete("k", { revision: 7 }), unsupported("remove"));
  },

  async "a server that does not know the route is UNSUPPORTED, one that announces it answers"(t) {
    for (const status of [404, 405, 501]) {
      const { bucket } = server(t, (request) =>
        request.startsWith("GET") ? answer(INFO, "remove") : answer("no", null, status),
      );
      await rejects(bucket.delete("k", { revision: 7 }), unsupported("remove"));
    }
    const { bucket } = server(t, (request) =>
      request.startsWith("GET") ? answer(INFO, "remove") : answer("no", "remove", 404),
    );
    await rejects(bucket.delete("k", { revision: 7 }), http(404, "no"));
  },

  async "after a fall back to memory its features count"(t) {
    const unreachable = () => {
      throw new TypeError("Failed to fetch");
    };
    const { client, bucket } = server(t, unreachable, { fallback: "memory" });
    await rejects(bucket.delete("k", { revision: 7 }), { code: "HTTP_404" });
    equal(client.mode, "memory");
    ok(client.features.has("remove"));
    const { revision } = await bucket.put("k", "v");
    await bucket.delete("k", { revision });
  },

  async "the backend's features are known before and after a bucket is missing"(t) {
    const client = t.client();
    await rejects(client.kv().bucket("missing").delete("k", { revision: 1 }), bucketNotFound);
    ok(client.features.has("remove"));
    ok(client.features.has("write-id"));
  },
};
