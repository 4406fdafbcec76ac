// Which keys, names, patterns and revisions there are, and that what is none never leaves the page.

import { deepEqual, equal, rejects, throws } from "./assert.js";
import { watching } from "./context.js";
import { invalid, keyNotFound, revisionMismatch } from "./expected.js";

/** @typedef {import("./context.js").Context} Context */

/** Keys that a path, a query, a header or JSON could spoil. */
const awkward = [
  "user:123",
  "a/b/c",
  "/",
  "//",
  "a/./b",
  "a?b=c",
  "a#b",
  "100%",
  "%2F",
  "%2e%2e",
  "a&b=c",
  "a+b",
  "a;b,c",
  "a\\b",
  "a|b^c`d",
  "[a]{b}(c)",
  '"quoted"',
  "'$KV'",
  "<a",
  "@!~",
  "é",
  "e\u0301",
  "東京.Привет",
  "🦀",
  "👩‍👩‍👧‍👦",
  "a\u00a0b",
  "a\u2028b",
  "\ufffd",
  "\ufeffa",
  "keys",
  "watch",
  "__proto__",
  "constructor",
  "k".repeat(1024),
  "é".repeat(512),
];

/** What is no key, by what is wrong with it. @type {Record<string, unknown>} */
const noKeys = {
  "two dots": "..",
  "a dot": ".",
  "an empty token": "a..b",
  "a dot at the beginning": ".a",
  "a dot at the end": "a.",
  "a walk to another resource": "a/../b",
  "a star": "*",
  "a star as a token": "a.*",
  "a star in a token": "a*b",
  "a greater-than": ">",
  "a greater-than as a token": "a.>",
  "a space": "a b",
  "nothing at all": "",
  "a tab": "a\tb",
  "a newline": "a\nb",
  NUL: "a\0b",
  DEL: "a\u007fb",
  "2,000 bytes": "k".repeat(2000),
  "1,025 bytes": `${"é".repeat(512)}k`,
  "a lone high surrogate": "a\ud800",
  "a lone low surrogate": "\udc00a",
  undefined: undefined,
  null: null,
  "a number": 5,
  "an object": {},
  "a boxed string": Object("key"),
  "a symbol": Symbol("key"),
};

/** What is no pattern. @type {Record<string, unknown>} */
const noPatterns = {
  "nothing at all": "",
  "an empty token": "a..b",
  "a dot at the end": "a.",
  "a greater-than that is not last": ">.a",
  "a greater-than in the middle": "a.>.b",
  "a space": "a b",
  "a newline": "a\n",
  DEL: "a\u007f",
  "2,000 bytes": "k".repeat(2000),
  "a lone surrogate": "\ud800",
  "a number": 5,
  "an object": {},
  true: true,
};

/** What is no bucket name. @type {Record<string, unknown>} */
const noBuckets = {
  "nothing at all": "",
  "a space": "a b",
  "a dot": "a.b",
  "two dots": "..",
  "a slash": "a/b",
  "non-ASCII": "é",
  "a newline": "a\n",
  "201 bytes": "b".repeat(201),
  "a lone surrogate": "\ud800",
  undefined: undefined,
  null: null,
  "a number": 5,
  "an object": {},
};

/** What is no revision. @type {Record<string, unknown>} */
const noRevisions = {
  "-1": -1,
  1.5: 1.5,
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  "2**53": 2 ** 53,
  "a string": "1",
  "a BigInt": 1n,
  undefined: undefined,
  null: null,
  true: true,
  "an object": { revision: 1 },
};

/** @type {import("./context.js").Cases} */
export const keys = {
  async "every character that is allowed in a key survives the way there and back"(t) {
    const { bucket } = await t.bucket();
    for (const key of awkward) {
      const { revision } = await bucket.create(key, key);
      const entry = await bucket.get(key);
      equal(entry.key, key);
      equal(entry.text(), key);
      await bucket.update(key, "updated", revision);
      await bucket.put(key, "put");
      equal((await bucket.get(key)).text(), "put", key);
    }
    deepEqual(await bucket.listKeys(), awkward);
    for (const key of awkward) {
      deepEqual(await bucket.listKeys(key), [key]);
      await bucket.delete(key);
      await rejects(bucket.get(key), keyNotFound, key);
      await bucket.purge(key);
    }
    deepEqual(await bucket.listKeys(), []);
  },

  async "a watch emits changes of every key, and a watch of one key only its changes"(t) {
    const { bucket } = await t.bucket();
    const all = await watching(bucket);
    for (const key of awkward) {
      const one = await watching(bucket, { key });
      await bucket.put(key, key);
      await bucket.put("other", "1");
      await bucket.put(key, key);
      const events = await one.received(2);
      deepEqual(
        events.map((event) => [event.key, event.text()]),
        [
          [key, key],
          [key, key],
        ],
      );
      one.watcher.stop();
    }
    const events = await all.received(3 * awkward.length);
    deepEqual(
      events.map(({ key }) => key),
      awkward.flatMap((key) => [key, "other", key]),
    );
  },

  async "keys are compared as bytes: neither case nor composition is folded"(t) {
    const { bucket } = await t.bucket();
    const different = ["key", "Key", "KEY", "\u00e9", "e\u0301", "a/b", "a%2Fb"];
    for (const key of different) await bucket.create(key, key);
    for (const key of different) equal((await bucket.get(key)).text(), key);
    deepEqual(await bucket.listKeys(), different);
  },

  async "what is no key is a ValidationError in every operation, and no request is sent"(t) {
    const { bucket } = await t.bucket();
    const sent = t.network();
    for (const [what, value] of Object.entries(noKeys)) {
      const key = /** @type {any} */ (value);
      await rejects(bucket.get(key), invalid(/key/), `get ${what}`);
      await rejects(bucket.put(key, "1"), invalid(/key/), `put ${what}`);
      await rejects(bucket.create(key, "1"), invalid(/key/), `create ${what}`);
      await rejects(bucket.update(key, "1", 1), invalid(/key/), `update ${what}`);
      await rejects(bucket.delete(key), invalid(/key/), `delete ${what}`);
      await rejects(bucket.purge(key), invalid(/key/), `purge ${what}`);
    }
    deepEqual(sent, { requests: [], sockets: [] });
    deepEqual(await bucket.listKeys(), []);
  },

  async "what is no pattern is a ValidationError, and nothing is sent"(t) {
    const { bucket } = await t.bucket();
    const sent = t.network();
    for (const [what, value] of Object.entries(noPatterns)) {
      const key = /** @type {any} */ (value);
      await rejects(bucket.listKeys(key), invalid(/pattern/), `listKeys ${what}`);
      throws(() => bucket.watch({ onUpdate() {} }, { key }), invalid(/pattern|key/), what);
    }
    deepEqual(sent, { requests: [], sockets: [] });
  },

  async "no pattern at all means every key"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("a", "1");
    await bucket.put("b.c", "1");
    for (const none of [undefined, null]) {
      deepEqual(await bucket.listKeys(/** @type {any} */ (none)), ["a", "b.c"]);
      await watching(bucket, /** @type {any} */ ({ key: none }));
    }
    deepEqual(await bucket.listKeys(">"), ["a", "b.c"]);
  },

  async "a wildcard inside a longer token is an ordinary character, and so matches no key"(t) {
    const { bucket } = await t.bucket();
    for (const key of ["user", "us", "us.er"]) await bucket.put(key, "1");
    for (const pattern of ["us*", "*s", "us>", "us.e*", "**"]) {
      deepEqual(await bucket.listKeys(pattern), [], pattern);
    }
  },

  async "patterns combine wildcards with tokens"(t) {
    const { bucket } = await t.bucket();
    const written = ["a", "a.b", "a.b.c", "a.x.c", "b.b.c", "a.b.c.d", "é.b.c"];
    for (const key of written) await bucket.put(key, "1");
    for (const [pattern, matching] of /** @type {[string, string[]][]} */ ([
      ["*.*", ["a.b"]],
      ["a.*.c", ["a.b.c", "a.x.c"]],
      ["*.b.c", ["a.b.c", "b.b.c", "é.b.c"]],
      ["a.*.>", ["a.b.c", "a.x.c", "a.b.c.d"]],
      ["*.>", ["a.b", "a.b.c", "a.x.c", "b.b.c", "a.b.c.d", "é.b.c"]],
      ["é.>", ["é.b.c"]],
      ["a.b", ["a.b"]],
      ["a.>", ["a.b", "a.b.c", "a.x.c", "a.b.c.d"]],
      ["x.>", []],
    ])) {
      deepEqual(await bucket.listKeys(pattern), matching, pattern);
    }
  },

  async "what is no bucket name is a ValidationError, and no request is sent"(t) {
    const { kv } = await t.bucket();
    const sent = t.network();
    for (const [what, value] of Object.entries(noBuckets)) {
      const name = /** @type {any} */ (value);
      throws(() => kv.bucket(name), invalid(/name/), `bucket ${what}`);
      throws(() => new t.BrowserKVBucketHandle(name, t.config), invalid(/name/), `new ${what}`);
      await rejects(kv.createBucket({ name }), invalid(/name/), `createBucket ${what}`);
      await rejects(kv.deleteBucket(name), invalid(/name/), `deleteBucket ${what}`);
      await rejects(kv.getBucketInfo(name), invalid(/name/), `getBucketInfo ${what}`);
    }
    deepEqual(sent, { requests: [], sockets: [] });
  },

  async "every character that is allowed in a bucket name can be used, up to 200"(t) {
    const tail = t.newBucketName();
    for (const name of [`AZaz09_-${tail}`, `-${tail}`, `_${tail}`, tail.padEnd(200, "x")]) {
      const { kv, bucket } = await t.bucket({ name });
      await bucket.put("a", "1");
      equal((await kv.getBucketInfo(name)).name, name);
    }
  },

  async "what is no revision is a ValidationError, and no request is sent"(t) {
    const { bucket } = await t.bucket();
    await bucket.put("key", "1");
    const sent = t.network();
    for (const [what, value] of Object.entries(noRevisions)) {
      const revision = /** @type {any} */ (value);
      await rejects(bucket.update("key", "2", revision), invalid(/revision/), what);
    }
    deepEqual(sent.requests, []);
    equal((await bucket.get("key")).revision, 1);
  },

  async "the smallest and the largest revision are ordinary ones"(t) {
    const { bucket } = await t.bucket();
    await rejects(bucket.update("key", "1", Number.MAX_SAFE_INTEGER), revisionMismatch);
    deepEqual(await bucket.update("key", "1", 0), { revision: 1 });
    await rejects(bucket.update("key", "2", 0), revisionMismatch);
    deepEqual(await bucket.update("key", "2", 1), { revision: 2 });
  },
};
