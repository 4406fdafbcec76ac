// Requests that outlive their page.

import { deepEqual, equal, rejects } from "./assert.js";
import { invalid } from "./expected.js";

const LIMIT = 65_536;
const tooMuch = invalid(/keepalive.*65536 bytes/);

/** @type {import("./context.js").Cases} */
export const keepalive = {
  async "a request is sent with keepalive if that was asked for"(t) {
    /** @type {[string, boolean][]} */
    const requests = [];
    t.stubFetch(async ({ method, keepalive }) => {
      requests.push([method, keepalive]);
      return new Response(method === "DELETE" ? "" : '{"revision":1}');
    });
    const bucket = t.createClient({ serverUrl: "http://localhost:9" }).kv().bucket("b");
    await bucket.put("k", "v", { keepalive: true });
    await bucket.delete("k", { keepalive: true });
    await bucket.put("k", "v", { keepalive: false });
    await bucket.put("k", "v");
    deepEqual(requests, [
      ["PUT", true],
      ["DELETE", true],
      ["PUT", false],
      ["PUT", false],
    ]);
    await rejects(
      bucket.put("k", "v", { keepalive: /** @type {any} */ (1) }),
      invalid(/keepalive/),
    );
  },

  async "more than 65,536 bytes are a ValidationError before any request"(t) {
    const { bucket } = await t.bucket();
    const large = new Uint8Array(LIMIT + 1);
    const options = { keepalive: true };
    const { requests } = t.network();
    await rejects(bucket.put("k", large, options), tooMuch);
    await rejects(bucket.create("k", large, options), tooMuch);
    await rejects(bucket.update("k", large, 1, options), tooMuch);
    await rejects(bucket.put("k", "ä".repeat(LIMIT / 2 + 1), options), tooMuch);
    deepEqual(requests, []);
    await rejects(
      bucket.modify("k", () => large, options),
      tooMuch,
    );
    await bucket.put("k", large);
    await bucket.put("k", "ä".repeat(LIMIT / 2), options);
  },

  async "requests in flight count together, until they are over"(t) {
    /** @type {((response: Response) => void)[]} */
    const answers = [];
    t.stubFetch(() => new Promise((resolve) => answers.push(resolve)));
    const options = { keepalive: true };
    const make = () =>
      t.createClient({ serverUrl: "http://localhost:9", retry: false, logger: false });
    const [bucket, other] = [make().kv().bucket("b"), make().kv().bucket("b")];
    const half = "v".repeat(LIMIT / 2);
    const first = bucket.put("a", half, options);
    const second = other.put("b", half, options);
    await rejects(bucket.put("c", "v", options), tooMuch);
    const large = bucket.put("d", half.repeat(3));
    answers[0]?.(new Response("no", { status: 500 }));
    await rejects(first, { code: "HTTP_500" });
    const third = bucket.put("c", half, options);
    for (const answer of answers) answer(new Response('{"revision":1}'));
    equal((await second).revision, 1);
    await Promise.all([third, large]);
  },
};
