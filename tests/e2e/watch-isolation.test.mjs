// What concerns one watcher reaches that watcher only, and a failure that may pass ends none: on sockets and
// responses that the test fakes.

import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, test } from "node:test";
import { api } from "./support/api.mjs";
import { install, sockets } from "./support/fake-websocket.mjs";
import { isError, SERVER } from "./support/watched.mjs";

const { fetch } = globalThis;
const fast = { backoff: { initial: 1, max: 1 } };

/** The status that the server answers to a request for this path. @type {(path: string) => number} */
let statusOf = () => 200;
/** The keys of the bucket. @type {string[]} */
let keys = [];
let uninstall = () => {};

beforeEach(() => {
  uninstall = install();
  statusOf = () => 200;
  keys = [];
  globalThis.fetch = /** @type {any} */ (
    async (/** @type {string} */ url) => {
      const path = new URL(url).pathname.split("/").slice(5).join("/");
      const status = statusOf(path);
      if (status !== 200) return new Response('{"error":"no"}', { status });
      const created_at = "2026-02-22T10:00:00Z";
      if (path.endsWith("/keys")) return Response.json({ keys, count: keys.length });
      const [, key] = path.split("/keys/");
      if (key)
        return Response.json({ key, value: "MQ==", revision: 1, created_at, operation: "put" });
      return Response.json({ name: "b", values: 0, bytes: 0, history: 1, created_at });
    }
  );
});
afterEach(() => {
  uninstall();
  globalThis.fetch = fetch;
});

/** Waits for something to be so. @param {() => unknown} holds */
async function until(holds) {
  for (let n = 0; n < 5000 && !holds(); n += 1) await new Promise((next) => setTimeout(next, 1));
  assert.ok(holds(), String(holds));
}

/** @param {object} [options] */
const newClient = (options) =>
  api.createClient({ serverUrl: SERVER, logger: false, retry: false, reconnect: fast, ...options });

/** @param {ReturnType<typeof newClient>} client @param {string} key @param {boolean} [initial] */
function watch(client, key, initial = false) {
  /** @type {any[]} */
  const calls = [];
  const watcher = client
    .kv()
    .bucket("b")
    .watch(
      {
        onUpdate: ({ key, revision }) => calls.push(`${key} ${revision}`),
        onReady: () => calls.push("ready"),
        onError: (error) => calls.push(error),
        onClose: () => calls.push("closed"),
      },
      { key, initial },
    );
  return { watcher, calls };
}

/** A watch of `news`, connected and ready. @param {object} [options] */
async function withNews(options) {
  const client = newClient(options);
  const news = watch(client, "news");
  await until(() => sockets.length === 1);
  sockets[0]?.accept();
  await until(() => news.calls.includes("ready"));
  return { client, news };
}

/** The watch of `news` still gets what the first socket brings, and knows of no error. */
function goesOn(/** @type {{ calls: any[] }} */ news) {
  sockets[0]?.frame({
    type: "kv_update",
    bucket: "b",
    key: "news",
    value: "MQ==",
    revision: 9,
    operation: "put",
  });
  assert.deepEqual(news.calls, ["ready", "news 9"]);
}

describe("a newcomer that the server refuses", () => {
  for (const code of [4401, 4403, 4404, 1008]) {
    test(`with close code ${code} ends alone, after a try on a connection of its own`, async () => {
      const { client, news } = await withNews();
      const secret = watch(client, "secret.*");
      await until(() => sockets.length === 2);
      sockets[1]?.end(code);
      await until(() => sockets.length === 3);
      assert.match(decodeURIComponent(sockets[2]?.url ?? ""), /key=secret\.\*/);
      sockets[2]?.end(code);
      await until(() => secret.calls.includes("closed"));
      assert.equal(secret.calls.filter((call) => call instanceof Error).length, 1);
      goesOn(news);
      secret.watcher.stop();
      client.disconnect();
      assert.deepEqual(news.calls.at(-1), "closed");
    });
  }

  test("together with the others works on a connection of its own", async () => {
    const { client, news } = await withNews();
    const secret = watch(client, "secret.*");
    await until(() => sockets.length === 2);
    sockets[1]?.end(4403);
    await until(() => sockets.length === 3);
    sockets[2]?.accept();
    await until(() => secret.calls.includes("ready"));
    goesOn(news);
    secret.watcher.stop();
    assert.deepEqual(secret.calls, ["ready", "closed"]);
    client.disconnect();
  });

  for (const status of [401, 403])
    test(`with status ${status} to its list or read ends alone`, async () => {
      for (const refused of ["/keys", "/keys/secret.a"]) {
        sockets.length = 0;
        keys = [];
        const { client, news } = await withNews();
        keys = ["secret.a"];
        const secret = watch(client, "secret.*", true);
        await until(() => sockets.length === 2);
        statusOf = (path) => (path.endsWith(refused) ? status : 200);
        sockets[1]?.accept();
        await until(() => secret.calls.includes("closed"));
        statusOf = () => 200;
        const errors = secret.calls.filter((call) => call instanceof Error);
        assert.ok(errors.some((error) => Reflect.get(error, "status") === status));
        assert.ok(!news.calls.includes("closed"));
        client.disconnect();
      }
    });
});

test("a newcomer whose token is no string ends alone, with the ValidationError", async () => {
  /** @type {any} */
  let token = "abc";
  const { client, news } = await withNews({ auth: { token: () => token } });
  token = undefined;
  const secret = watch(client, "secret.*");
  await until(() => secret.calls.includes("closed"));
  isError(secret.calls[0], { code: "VALIDATION_ERROR" });
  goesOn(news);
  client.disconnect();
});

test("an expired token is replaced once, immediately", async () => {
  let asked = 0;
  const { client, news } = await withNews({ auth: { token: () => `token-${++asked}` } });
  sockets[0]?.end(4401);
  await until(() => sockets.length === 2);
  sockets[1]?.end(4401);
  await until(() => news.calls.includes("closed"));
  isError(news.calls.at(-2), { code: "UNAUTHENTICATED", status: 401 });
  assert.ok(asked >= 2);
  client.disconnect();
});

test("a token function that fails once does not end the watch", async () => {
  let asked = 0;
  const token = async () => {
    asked += 1;
    if (asked === 1) throw new Error("offline");
    return "abc";
  };
  const client = newClient({ auth: { token } });
  const { calls } = watch(client, "news");
  await until(() => sockets.length === 1);
  sockets[0]?.accept();
  await until(() => calls.includes("ready"));
  isError(calls[0], { code: "CONNECTION_LOST", retryable: true });
  client.disconnect();
});

test("a handshake that hangs is given up after the timeout", async () => {
  const client = newClient({ timeout: 50 });
  const { calls } = watch(client, "news");
  await until(() => sockets.length === 2);
  isError(calls[0], { code: "CONNECTION_LOST", message: /handshake timed out after 50 ms/ });
  sockets[1]?.accept();
  await until(() => calls.includes("ready"));
  client.disconnect();
});

test("a view loads from a server that limits the rate, on one connection", async () => {
  keys = Array.from({ length: 300 }, (_, n) => `user.${n}`);
  for (const status of [429, 503]) {
    sockets.length = 0;
    // A bucket of 100 requests that fills by 100 a second.
    let [tokens, filled, requests] = [100, performance.now(), 0];
    statusOf = () => {
      const now = performance.now();
      tokens = Math.min(100, tokens + (now - filled) / 10);
      filled = now;
      requests += 1;
      tokens -= tokens >= 1 ? 1 : 0;
      return tokens >= 1 ? 200 : status;
    };
    const client = newClient();
    const view = client.kv().bucket("b").view();
    await until(() => sockets.length === 1);
    sockets[0]?.accept();
    await view.ready;
    assert.equal(view.size, 300);
    assert.equal(sockets.length, 1);
    assert.ok(requests <= 604, `${requests} requests`);
    client.disconnect();
  }
});

test("the log says when it reconnects and what the resync took", async () => {
  /** @type {string[]} */
  const lines = [];
  const logger = { info: (/** @type {string} */ line) => lines.push(line), error() {}, warn() {} };
  const { client } = await withNews({ logger });
  keys = ["news"];
  sockets[0]?.end(1006);
  await until(() => sockets.length === 2);
  sockets[1]?.accept();
  await until(() => lines.some((line) => line.includes("resynced")));
  assert.match(lines.join("\n"), /watch of b: reconnecting in \d+ ms \(attempt 1\): .*1006/);
  assert.match(lines.join("\n"), /watch of b: resynced: 1 keys listed, 1 read, 1 events/);
  client.disconnect();
});
