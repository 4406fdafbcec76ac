// Durations are measured with a monotonic clock: a wall clock that jumps changes none of them.

import { deepEqual, equal, rejects } from "./assert.js";
import { timedOut } from "./expected.js";

const HOUR = 3_600_000;

/** @typedef {{ status?: number, after?: string, delay?: number }} Answer undefined: none ever comes */

/**
 * A bucket whose token function sets the wall clock back or forward, once.
 *
 * @param {import("./context.js").Context} t
 * @param {number} jump in milliseconds
 * @param {(Answer | undefined)[]} answers
 */
function jumping(t, jump, answers) {
  let offset = 0;
  t.stub(
    "Date",
    new Proxy(Date, {
      get: (target, name) =>
        name === "now" ? () => target.now() + offset : Reflect.get(target, name),
      construct: (target, args) =>
        Reflect.construct(target, args.length > 0 ? args : [target.now() + offset]),
    }),
  );
  const requests = { count: 0 };
  t.stubFetch(async () => {
    const answer = answers[requests.count];
    requests.count += 1;
    if (!answer) return new Promise(() => {});
    const { status = 200, after, delay = 0 } = answer;
    await new Promise((resolve) => setTimeout(resolve, delay));
    const entry = { key: "key", value: "MQ==", revision: 7, created_at: "", operation: "put" };
    return new Response(JSON.stringify(entry), {
      status,
      headers: after ? { "Retry-After": after } : {},
    });
  });
  const token = async () => {
    offset = jump;
    return "token";
  };
  const client = t.createClient({
    serverUrl: "http://localhost:9",
    logger: false,
    auth: { token },
    retry: { backoff: { initial: 1 } },
  });
  return { bucket: client.kv().bucket("b"), requests };
}

/** @type {import("./context.js").Cases} */
export const clock = {};
for (const [words, jump] of /** @type {const} */ ([
  ["back", -HOUR],
  ["forward", HOUR],
])) {
  Object.assign(
    clock,
    /** @type {import("./context.js").Cases} */ ({
      async [`a time limit holds though the wall clock is set ${words} by an hour`](t) {
        for (const operation of /** @type {const} */ (["get", "put", "modify"])) {
          const { bucket } = jumping(t, jump, [undefined]);
          const calls = {
            get: () => bucket.get("key", { timeout: 60 }),
            put: () => bucket.put("key", "1", { timeout: 60 }),
            modify: () => bucket.modify("key", () => "1", { timeout: 60 }),
          };
          await rejects(calls[operation](), timedOut(60), operation);
        }
      },

      async [`an answer in time counts though the wall clock is set ${words} by an hour`](t) {
        const { bucket } = jumping(t, jump, [{ delay: 30 }]);
        deepEqual(await bucket.put("key", "1"), { revision: 7 });
      },

      async [`a read is retried though the wall clock is set ${words} by an hour`](t) {
        const { bucket, requests } = jumping(t, jump, [{ status: 503, after: "0" }, {}]);
        equal((await bucket.get("key")).revision, 7);
        equal(requests.count, 2);
      },
    }),
  );
}
