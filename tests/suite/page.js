// The documentation's page "Key Operations": its snippets run as they are printed there, and what
// its comments and tables say is checked.

import { allReject, deepEqual, equal, match, ok, rejects } from "./assert.js";
import { watching } from "./context.js";
import { bucketNotFound, keyExists, keyNotFound, revisionMismatch } from "./expected.js";
import * as snippets from "./page-snippets.js";
import { socketOpened } from "./socket-opened.js";

/** @typedef {import("./context.js").Context} Context */

const AsyncFunction = /** @type {FunctionConstructor} */ ((async () => {}).constructor);

/**
 * Runs a snippet. What it imports or uses must be in scope; what it prints is given back, with the
 * constants named in `results`.
 *
 * @param {string} snippet
 * @param {Record<string, unknown>} scope
 * @param {string[]} [results]
 */
async function execute(snippet, scope, results = []) {
  /** @type {unknown[][]} */
  const printed = [];
  const print = (/** @type {unknown[]} */ ...values) => void printed.push(values);
  const everything = { console: { log: print, error: print }, ...scope };
  const body = snippet.replace(/^import \{ (.*) \} from "@ironflow\/\w+";$/gm, (_, names) => {
    for (const name of names.split(", ")) ok(name in everything, `${name} can be imported`);
    return "";
  });
  const run = new AsyncFunction(
    ...Object.keys(everything),
    `${body}\nreturn { ${results.join(", ")} };`,
  );
  return { printed, ...(await run(...Object.values(everything))) };
}

/**
 * What the snippets work with: `ironflow`, which takes the documented configuration and goes to the
 * backend under test, in an environment where the bucket "my-bucket" is new.
 *
 * @param {Context} t
 * @param {object} [settings] of the bucket
 */
async function documented(t, settings) {
  const client = t.client({ environment: t.newEnvironment() });
  const { configure } = client;
  const ironflow = Object.defineProperty(client, "configure", {
    value(/** @type {object} */ options) {
      deepEqual(options, { serverUrl: "http://localhost:9123" });
      // The store in memory is as old as the configuration.
      if (t.onServer) configure.call(client, { ...client.getConfig(), ...t.config });
    },
  });
  const { bucket, kv } = await t.bucket({ name: "my-bucket", ...settings }, client);
  return { ironflow, bucket, kv };
}

/** The classes of errors that only a server with keys gives, taken from such errors. @param {Context} t */
async function errorClasses(t) {
  const classes = [];
  for (const status of [401, 403]) {
    t.stub("fetch", async () => new Response('{"error":"no"}', { status }));
    const client = t.createClient({ serverUrl: "http://localhost:9", logger: false });
    classes.push((await rejects(client.kv().listBuckets())).constructor);
  }
  const [UnauthenticatedError, UnauthorizedError] = classes;
  return { IronflowError: t.IronflowError, UnauthenticatedError, UnauthorizedError };
}

/** @type {import("./context.js").Cases} */
export const page = {
  async "the snippet that writes prints revision 1"(t) {
    const { ironflow } = await documented(t);
    const { printed } = await execute(snippets.writing, { ironflow });
    deepEqual(printed, [["Revision:", 1]]);
  },

  async "put overwrites a key that exists and gives the new revision"(t) {
    const { ironflow } = await documented(t);
    await execute(snippets.writing, { ironflow });
    const { printed, bucket } = await execute(snippets.writing, { ironflow }, ["bucket"]);
    deepEqual(printed, [["Revision:", 2]]);
    equal((await bucket.get("user:123")).revision, 2);
  },

  async "the snippet that reads prints key, value, revision, time and operation"(t) {
    const { ironflow } = await documented(t);
    const before = Date.now();
    const { bucket } = await execute(snippets.writing, { ironflow }, ["bucket"]);
    const { printed } = await execute(snippets.reading, { bucket });
    const [key, value, revision, createdAt, operation] = printed.flat();
    equal(printed.length, 5);
    equal(key, "user:123");
    equal(value, btoa('{"name":"Alice","role":"admin"}'));
    deepEqual(JSON.parse(atob(value)), { name: "Alice", role: "admin" });
    equal(revision, 1);
    match(createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/);
    ok(Math.abs(Date.parse(createdAt) - before) < 60_000, `${createdAt} is now`);
    equal(operation, "put");
  },

  async "after the snippet that deletes, get() throws an IronflowError with code HTTP_404"(t) {
    const { ironflow } = await documented(t);
    const { bucket } = await execute(snippets.writing, { ironflow }, ["bucket"]);
    const { printed } = await execute(snippets.deleting, { bucket });
    deepEqual(printed, []);
    const error = await rejects(bucket.get("user:123"), keyNotFound);
    ok(error instanceof t.IronflowError);
    ok(error instanceof Error);
    deepEqual(await bucket.listKeys(), []);
  },

  async "a deleted key's history is preserved as far as the bucket's setting says"(t) {
    const { bucket, kv } = await documented(t, { history: 5 });
    for (const value of ["1", "2", "3"]) await bucket.put("user:123", value);
    await bucket.delete("user:123");
    const { values, history } = await kv.getBucketInfo("my-bucket");
    deepEqual({ values, history }, { values: 4, history: 5 });
  },

  async "the snippet that purges removes a key and its history"(t) {
    const { bucket, kv } = await documented(t, { history: 5 });
    for (const value of ["1", "2", "3"]) await bucket.put("user:123", value);
    await bucket.put("other", "stays");
    const { printed } = await execute(snippets.purging, { bucket });
    deepEqual(printed, []);
    await rejects(bucket.get("user:123"), keyNotFound);
    deepEqual(await bucket.listKeys(), ["other"]);
    // What is left is the marker of the purge.
    equal((await kv.getBucketInfo("my-bucket")).values, 2);
  },

  async "the snippet that creates succeeds once and then meets HTTP 412"(t) {
    const { bucket } = await documented(t);
    const first = await execute(snippets.creating, { bucket });
    deepEqual(first.printed, [["Created at revision:", 1]]);
    const second = await execute(snippets.creating, { bucket });
    const message = "create my-bucket/config:feature-flags: key already exists (HTTP 412)";
    deepEqual(second.printed, [["Key already exists:", message]]);
    const entry = await bucket.get("config:feature-flags");
    deepEqual(JSON.parse(atob(String(entry.value))), { darkMode: true, betaAccess: false });
  },

  async "the snippet that updates succeeds, also on a value it did not decode"(t) {
    const { bucket } = await documented(t);
    await bucket.put("user:123", { name: "Alice", role: "admin" });
    const { printed } = await execute(snippets.updating, { bucket });
    deepEqual(printed, [["Updated to revision:", 2]]);
    const entry = await bucket.get("user:123");
    equal(JSON.parse(atob(String(entry.value))).role, "superadmin");
  },

  async "the snippet that updates meets HTTP 412 when another client wrote first"(t) {
    const { bucket } = await documented(t);
    await bucket.put("user:123", { name: "Alice", role: "admin" });
    const raced = {
      async get(/** @type {string} */ key) {
        const entry = await bucket.get(key);
        await bucket.put(key, "another client's");
        return entry;
      },
      update: bucket.update.bind(bucket),
    };
    const { printed } = await execute(snippets.updating, { bucket: raced });
    const message = "update my-bucket/user:123: revision mismatch (HTTP 412)";
    deepEqual(printed, [["Conflict — retry with fresh data:", message]]);
    equal((await bucket.get("user:123")).text(), "another client's");
  },

  async "the snippet that lists prints all keys, then those that match, in order of revision"(t) {
    const { bucket } = await documented(t);
    for (const key of ["user.123", "user.456", "config.feature-flags"]) await bucket.put(key, "1");
    const { printed } = await execute(snippets.listing, { bucket });
    deepEqual(printed, [
      [["user.123", "user.456", "config.feature-flags"]],
      [["user.123", "user.456"]],
    ]);
  },

  ...Object.fromEntries(
    snippets.wildcards.map(([pattern, matching, others]) => [
      `the wildcard ${pattern} matches what the table says, in a listing and in a watch`,
      async (/** @type {Context} */ t) => {
        const { bucket } = await documented(t);
        const seen = await watching(bucket, { key: pattern });
        for (const key of [...others, ...matching]) await bucket.put(key, "1");
        deepEqual(await bucket.listKeys(pattern), matching);
        await seen.received(matching.length);
        deepEqual(
          seen.events.map(({ key }) => key),
          matching,
        );
      },
    ]),
  ),

  async "the snippet that watches prints each change, until it stops"(t) {
    const { ironflow, bucket } = await documented(t);
    const [start, later] = snippets.watching.split("// Later: stop watching\n");
    ok(start && later);
    const log = recorder();
    const opened = socketOpened(t);
    const { watcher } = await execute(start, { ironflow, console: log }, ["watcher"]);
    await opened;
    await bucket.put("user.123", { name: "Alice" });
    await bucket.put("other.123", "not watched");
    await bucket.delete("user.123");
    await log.until(6);
    deepEqual(log.printed, [
      ["user.123 put: rev 1"],
      ["New value:", btoa('{"name":"Alice"}')],
      ["Bucket:", "my-bucket"],
      ["user.123 delete: rev 3"],
      ["New value:", ""],
      ["Bucket:", "my-bucket"],
    ]);
    await execute(later, { watcher });
    deepEqual(log.printed.slice(6), [["Watch ended"]]);
  },

  async "the snippet that watches, stopped at once, only prints that it ended"(t) {
    const { ironflow } = await documented(t);
    const { printed } = await execute(snippets.watching, { ironflow });
    deepEqual(printed, [["Watch ended"]]);
  },

  async "the snippet that watches prints the error of a bucket that does not exist"(t) {
    const client = t.client({ environment: t.newEnvironment() });
    const log = recorder();
    const [start] = snippets.watching.split("// Later: stop watching\n");
    await execute(start ?? "", { ironflow: client, console: log });
    await log.until(2);
    const [error, ended] = /** @type {any[]} */ (log.printed.flat());
    ok(error instanceof t.IronflowError);
    equal(error.code, "HTTP_404");
    equal(ended, "Watch ended");
  },

  async "a watch event holds what its table says"(t) {
    const { bucket } = await documented(t);
    const seen = await watching(bucket, { key: "user.*" });
    await bucket.put("user.123", { name: "Alice" });
    // What a server adds to the table.
    const { created_at } = await bucket.get("user.123");
    await bucket.delete("user.123");
    const [put, deleted] = await seen.received(2);
    const times = t.hasEventTimes ? [{ created_at }, { created_at: deleted?.created_at }] : [];
    deepEqual(
      { ...put },
      {
        type: "kv_update",
        key: "user.123",
        value: btoa('{"name":"Alice"}'),
        revision: 1,
        operation: "put",
        bucket: "my-bucket",
        ...times[0],
      },
    );
    deepEqual(JSON.parse(atob(put?.value ?? "")), { name: "Alice" });
    deepEqual(
      { ...deleted },
      {
        type: "kv_update",
        key: "user.123",
        value: "",
        revision: 2,
        operation: "delete",
        bucket: "my-bucket",
        ...times[1],
      },
    );
  },

  async "error table: key not found is 404, on get and delete of a missing key"(t) {
    const { bucket } = await documented(t);
    await rejects(bucket.get("missing"), keyNotFound);
    await rejects(bucket.delete("missing"), keyNotFound);
  },

  async "error table: key already exists is 412, on create"(t) {
    const { bucket } = await documented(t);
    await bucket.create("user:123", "1");
    const error = await rejects(bucket.create("user:123", "2"), keyExists);
    equal(error.code, "HTTP_412");
    ok(error.message.includes("412"));
  },

  async "error table: revision mismatch is 412, on update with a stale revision"(t) {
    const { bucket } = await documented(t);
    const { revision } = await bucket.put("user:123", "1");
    await bucket.update("user:123", "2", revision);
    const error = await rejects(bucket.update("user:123", "3", revision), revisionMismatch);
    ok(error.message.includes("412"));
  },

  async "error table: bucket not found is 404, on operations on a bucket that does not exist"(t) {
    const kv = t.client({ environment: t.newEnvironment() }).kv();
    const bucket = kv.bucket("my-bucket");
    const errors = await allReject(
      [
        bucket.get("a"),
        bucket.put("a", "1"),
        bucket.create("a", "1"),
        bucket.update("a", "1", 1),
        bucket.delete("a"),
        bucket.purge("a"),
        bucket.listKeys(),
        kv.getBucketInfo("my-bucket"),
        kv.deleteBucket("my-bucket"),
      ],
      bucketNotFound,
    );
    for (const error of errors) ok(error.message.includes("404"));
  },

  async "both snippets that handle errors distinguish an existing key from a missing bucket"(t) {
    const { bucket, kv } = await documented(t);
    const scope = { bucket, IronflowError: t.IronflowError };
    const classes = { UnauthenticatedError: class {}, UnauthorizedError: class {} };
    const run = async (/** @type {string} */ snippet) =>
      (await execute(snippet, { ...classes, ...scope })).printed.flat();
    deepEqual(await run(snippets.handlingByCode), []);
    const exists = "Key already exists — use put() to overwrite or update() with a revision";
    deepEqual(await run(snippets.handlingByCode), [exists]);
    deepEqual(await run(snippets.handlingByMessage), [exists]);
    await kv.deleteBucket("my-bucket");
    const missing = "Bucket not found — create it first";
    deepEqual(await run(snippets.handlingByCode), [missing]);
    deepEqual(await run(snippets.handlingByMessage), [missing]);
  },

  async "the snippet that handles errors prints the code of any other"(t) {
    const { bucket } = await documented(t, { maxValueSize: 5 });
    const { IronflowError } = t;
    const { printed } = await execute(snippets.handlingByCode, { bucket, IronflowError });
    const message = "create my-bucket/user:123: value too large (HTTP 413)";
    deepEqual(printed, [["Ironflow error:", message, "Code:", "HTTP_413"]]);
  },

  async "the snippet that handles errors knows refused credentials by their classes"(t) {
    const classes = await errorClasses(t);
    const client = t.createClient({ serverUrl: "http://localhost:9", logger: false });
    const bucket = client.kv().bucket("my-bucket");
    for (const [status, words] of /** @type {const} */ ([
      [401, "Invalid or missing API key"],
      [403, "Insufficient permissions for this operation"],
    ])) {
      t.stub("fetch", async () => new Response("", { status }));
      const { printed } = await execute(snippets.handlingByMessage, { bucket, ...classes });
      deepEqual(printed, [[words]]);
    }
  },

  async "the onError handler of createClient() observes every error without a try/catch"(t) {
    /** @type {string[]} */
    const observed = [];
    const client = t.client({
      onError: (error, { operation }) => observed.push(`${operation} ${error.code}`),
    });
    const { bucket } = await t.bucket({}, client);
    await bucket.create("user:123", "1");
    const attempts = [bucket.create("user:123", "2"), bucket.get("missing")];
    await Promise.allSettled(attempts);
    deepEqual(observed.sort(), ["create HTTP_412", "get HTTP_404"]);
  },
};

/** A console that lets one wait for what is printed. */
function recorder() {
  /** @type {unknown[][]} */
  const printed = [];
  let changed = () => {};
  const print = (/** @type {unknown[]} */ ...values) => {
    printed.push(values);
    changed();
  };
  return {
    log: print,
    error: print,
    printed,
    /** Until so much is printed. @param {number} count @returns {Promise<void>} */
    until: (count) =>
      new Promise((resolve) => {
        changed = () => {
          if (printed.length >= count) resolve();
        };
        changed();
      }),
  };
}
