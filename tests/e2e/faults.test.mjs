// A server that misbehaves: each fault is the documented error, in time, and the client goes on.

import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { api, operations, readers } from "./support/api.mjs";
import { answer, behaveWell, deadAddress, misbehavingServer } from "./support/misbehaving.mjs";

/**
 * @typedef {import("./support/misbehaving.mjs").Behaviour} Behaviour
 * @typedef {Awaited<ReturnType<typeof misbehavingServer>>} Server
 */

const { createClient, IronflowError } = api;
const HTML = `<!doctype html><title>Bad gateway</title><p>nginx says no</p>`;

/** @type {Server} */
let server;
/** @type {import("@ironflow/browser").BrowserKVClient} */
let kv;

before(async () => {
  server = await misbehavingServer();
});
after(() => server.stop());
afterEach(async () => {
  server.behave(behaveWell);
  // Whatever happened, the same client works.
  for (const [name, operation] of Object.entries(operations)) {
    await assert.doesNotReject(operation(kv, { timeout: 10_000 }), `${name} afterwards`);
  }
});

/** @param {object} [options] */
function connect(options) {
  const once = { timeout: 10_000, retry: false, logger: /** @type {const} */ (false) };
  kv = createClient({ serverUrl: server.url, ...once, ...options }).kv();
}

/**
 * Has operations meet a behaviour, all at once, and checks the error of each. A message is expected to
 * follow the operation, the bucket and the key.
 *
 * @param {Behaviour} behaviour
 * @param {object} expected
 * @param {string[]} [names]
 */
async function meets(behaviour, expected, names = Object.keys(operations)) {
  server.behave(behaviour);
  await Promise.all(
    names.map(async (name) => {
      /** @type {object} */
      const error = await failure(operations[name]?.(kv), name);
      assert.ok(error instanceof IronflowError, `${name}: ${error}`);
      for (const [field, value] of Object.entries(expected)) {
        /** @type {any} */
        const found = Reflect.get(error, field);
        if (field === "message" && typeof value === "string") {
          const [subject, words] = found.split(/: (.*)/s);
          assert.match(subject, new RegExp(`^${name}( b(/\\S+)?)?$`), found);
          assert.equal(words, value, name);
        } else if (value instanceof RegExp) assert.match(found, value, name);
        else assert.deepEqual(found, value, `${name}: ${field} of ${error}`);
      }
    }),
  );
}

/** @param {Promise<unknown> | undefined} promise @param {string} name @returns {Promise<any>} */
async function failure(promise, name) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  assert.fail(`${name} gave ${JSON.stringify(value)}`);
}

const connectionError = { name: "ConnectionError", code: "REQUEST_FAILED", retryable: true };

/** @param {number} status */
const invalidResponse = (status) => ({
  name: "IronflowError",
  code: "INVALID_RESPONSE",
  status,
  retryable: false,
  message: new RegExp(`HTTP ${status}`),
});

/** @param {number} timeoutMs */
const timeout = (timeoutMs) => ({
  name: "TimeoutError",
  code: "TIMEOUT",
  status: undefined,
  retryable: true,
  timeoutMs,
});

/** Waits for the request to have arrived whole. @type {(then: Behaviour) => Behaviour} */
const onceReceived = (then) => (request, response) => {
  request.resume().on("end", () => then(request, response));
};

describe("errors of the server", () => {
  before(() => connect());

  test("500 with HTML is HTTP_500, without the HTML", () =>
    meets(answer(500, HTML, { "Content-Type": "text/html" }), {
      name: "IronflowError",
      code: "HTTP_500",
      status: 500,
      retryable: true,
      message: "the request failed (HTTP 500)",
    }));

  test("the words are those of the JSON or of the plain text", async () => {
    for (const [body, words] of /** @type {[unknown, string][]} */ ([
      [{ error: "key not found" }, "key not found"],
      [{ error: "key not found", code: "x", more: [1] }, "key not found"],
      [{ message: "no such thing" }, "no such thing"],
      ["no such thing", "no such thing"],
      ["  no such thing\n", "no such thing"],
    ])) {
      await meets(answer(404, body), { code: "HTTP_404", message: `${words} (HTTP 404)` });
    }
  });

  test("a body without words is an error with the status in its message", async () => {
    const bodies = ["", "x".repeat(5000), HTML, "{", "[]", "null", { error: 5 }, { error: "" }, 5];
    for (const body of bodies) {
      await meets(answer(404, body), { code: "HTTP_404", message: /^.{1,60} \(HTTP 404\)$/ });
    }
  });

  test("every status has its class, its code and its answer to whether to try again", async () => {
    for (const [status, name, code, retryable] of /** @type {const} */ ([
      [400, "IronflowError", "HTTP_400", false],
      [401, "UnauthenticatedError", "UNAUTHENTICATED", false],
      [403, "UnauthorizedError", "UNAUTHORIZED", false],
      [404, "IronflowError", "HTTP_404", false],
      [408, "IronflowError", "HTTP_408", true],
      [409, "IronflowError", "HTTP_409", false],
      [412, "IronflowError", "HTTP_412", false],
      [413, "IronflowError", "HTTP_413", false],
      [429, "IronflowError", "HTTP_429", true],
      [500, "IronflowError", "HTTP_500", true],
      [501, "IronflowError", "HTTP_501", false],
      [502, "IronflowError", "HTTP_502", true],
      [503, "IronflowError", "HTTP_503", true],
      [504, "IronflowError", "HTTP_504", true],
      [507, "IronflowError", "HTTP_507", true],
      [599, "IronflowError", "HTTP_599", true],
    ])) {
      await meets(answer(status, { error: "words" }), {
        name,
        code,
        status,
        retryable,
        message: `words (HTTP ${status})`,
        retryAfter: undefined,
      });
    }
  });

  test("Retry-After is in seconds, whether given as such or as a date", async () => {
    for (const status of [429, 503]) {
      for (const [header, seconds] of /** @type {[string, number | undefined][]} */ ([
        ["0", 0],
        ["120", 120],
        [" 5 ", 5],
        ["Wed, 21 Oct 2015 07:28:00 GMT", 0],
        ["soon", undefined],
        ["", undefined],
      ])) {
        const expected = { status, retryAfter: seconds };
        await meets(answer(status, undefined, { "Retry-After": header }), expected, ["get", "put"]);
      }
      const date = new Date(Date.now() + 60_000).toUTCString();
      server.behave(answer(status, undefined, { "Retry-After": date }));
      const { retryAfter } = await failure(operations.get?.(kv), "get");
      assert.ok(retryAfter > 30 && retryAfter <= 60, `${retryAfter} s`);
    }
  });

  test("details are the server's whole answer", () => {
    const details = { error: "slow down", limit: { perSecond: 5 } };
    return meets(answer(429, details), { details });
  });
});

describe("successes that are none", () => {
  before(() => connect());

  test("broken JSON, or none", async () => {
    for (const body of ["{", '{"revision":1', "", "null", "5", '"text"', "[]", "{}", HTML]) {
      await meets(answer(200, body), invalidResponse(200), readers);
    }
  });

  test("204 where JSON was due", () => meets(answer(204), invalidResponse(204), readers));

  /** Answers that are JSON of the wrong shape. @type {Record<string, unknown[]>} */
  const shapes = {
    get: [
      { value: "MQ==", revision: 1, created_at: "2026-02-22T10:00:00Z", operation: "put" },
      ...[{ key: 5 }, { value: 5 }, { value: {} }, { created_at: 5 }, { operation: 5 }],
      ...[0, -1, 1.5, "1", null, 2 ** 53].map((revision) => ({ revision })),
    ],
    put: [0, -1, 1.5, "1", null, 2 ** 53].map((revision) => ({ revision })),
    listKeys: [{ keys: "key" }, { keys: {} }, { keys: [1] }, { keys: ["a", null] }, ["key"]],
    listBuckets: [{ buckets: {} }, { buckets: [null] }, { buckets: [{}] }, { buckets: ["b"] }],
    getBucketInfo: [
      { name: 5 },
      { name: "b", values: "many" },
      { name: "b", bytes: {} },
      { name: "b", history: "1" },
      { name: "b", created_at: 5 },
      { name: "b", description: 5 },
      { name: "b", ttl_seconds: "60" },
    ],
  };
  const entry = { key: "key", value: "", revision: 1, created_at: "2026-02-22T10:00:00Z" };
  for (const [operation, bodies] of Object.entries(shapes)) {
    test(`JSON of the wrong shape for ${operation}`, async () => {
      const names = { put: ["put", "create", "update"], getBucketInfo: ["createBucket"] };
      for (const [n, body] of bodies.entries()) {
        const whole =
          operation === "get" && n > 0 ? { ...entry, .../** @type {object} */ (body) } : body;
        const others = /** @type {Record<string, string[]>} */ (names)[operation] ?? [];
        await meets(answer(200, whole), invalidResponse(200), [operation, ...others]);
      }
    });
  }
});

describe("connections that break", () => {
  before(() => connect());

  test("the server closes the connection in the middle of the answer", async () => {
    await meets((_, response) => {
      response.writeHead(200, { "Content-Length": "1000" });
      response.write('{"revision":', () => response.destroy());
    }, connectionError);
    await meets((_, response) => {
      response.writeHead(404, { "Transfer-Encoding": "chunked" });
      response.write('{"error":', () => response.destroy());
    }, connectionError);
  });

  test("the server resets the connection", () =>
    meets(
      onceReceived(({ socket }) => socket.resetAndDestroy()),
      connectionError,
    ));

  test("the server answers with something that is not HTTP", () =>
    meets(
      onceReceived(({ socket }) => socket.end("SSH-2.0-OpenSSH\r\n")),
      connectionError,
    ));

  test("a server that does not listen", async () => {
    const dead = createClient({ serverUrl: await deadAddress(), retry: false, logger: false }).kv();
    for (const [name, operation] of Object.entries(operations)) {
      const error = await failure(operation(dead), name);
      assert.equal(error.name, "ConnectionError", name);
      assert.equal(error.code, "REQUEST_FAILED");
      assert.equal(error.retryable, true);
      assert.ok(error.cause instanceof TypeError);
    }
  });
});

describe("answers that do not come", () => {
  before(() => connect({ timeout: 100 }));

  test("the server never answers", () => meets((request) => request.resume(), timeout(100)));

  test("the server stalls after the headers", () =>
    meets((request, response) => {
      request.resume();
      response.writeHead(200, { "Content-Length": "1000" });
      response.flushHeaders();
    }, timeout(100)));

  test("the server stalls in the middle of the answer", () =>
    meets((request, response) => {
      request.resume();
      response.writeHead(500);
      response.write('{"error":');
    }, timeout(100)));

  test("the operation's own limit counts where there is one", async () => {
    server.behave((request) => request.resume());
    for (const [name, operation] of Object.entries(operations)) {
      const { timeoutMs } = await failure(operation(kv, { timeout: 20 }), name);
      assert.equal(timeoutMs, 20, name);
    }
  });
});

describe("redirects", () => {
  before(() => connect());

  test("are not followed: neither credentials nor values go along", async () => {
    const other = await misbehavingServer();
    try {
      connect({ auth: { apiKey: "a-secret-key" } });
      for (const status of [301, 302, 303, 307, 308]) {
        await meets(
          (request, response) =>
            answer(status, "", { Location: `${other.url}${request.url}` })(request, response),
          { ...invalidResponse(status), message: /redirects are not followed.*\/api\/v1\/kv/ },
        );
      }
      assert.deepEqual(other.requests, []);
    } finally {
      await other.stop();
    }
  });
});
