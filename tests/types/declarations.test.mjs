// The declarations are written by hand: here they are held to what the package has when it runs, name by name, in
// both directions.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { packageDir, root } from "../e2e/support/paths.mjs";
import { declared } from "./declared.mjs";

/** @typedef {import("./declared.mjs").Declared} Declared */

const manifest = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8"));
const entries = [".", "./slim", "./offline", "./react", "./ssr", "./svelte", "./vue"];
const declarations = declared(
  ...entries.map((entry) => join(packageDir, manifest.exports[entry].types.default)),
);
const main = /** @type {Map<string, Declared>} */ (declarations[0]);

/** @param {string} entry @returns {Promise<Record<string, any>>} */
async function load(entry) {
  const { node, default: otherwise } = manifest.exports[entry];
  const path = join(packageDir, node["module-sync"] ?? otherwise);
  if (!["./react", "./vue"].includes(entry)) return import(pathToFileURL(path).href);
  const { outputFiles } = await build({
    entryPoints: [path],
    bundle: true,
    format: "esm",
    platform: "node",
    nodePaths: [join(root, "tests/node_modules")],
    write: false,
  });
  return import(`data:text/javascript,${encodeURIComponent(outputFiles[0]?.text ?? "")}`);
}

/** What wasm-bindgen's classes have for themselves. @param {string} name */
const isMachinery = (name) => /^(constructor|__.*)$/.test(name);

/** Everything an object has, up to where every object or error has it. @param {object} object */
function properties(object) {
  /** @type {Map<string, PropertyDescriptor>} */
  const found = new Map();
  const ends = [Object.prototype, Error.prototype, null];
  for (let at = object; !ends.includes(at); at = Object.getPrototypeOf(at)) {
    for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (!isMachinery(name) && !found.has(name)) found.set(name, descriptor);
    }
  }
  return found;
}

/** @param {Iterable<string>} names */
const sorted = (names) => [...names].sort();

/**
 * A function's length is the number of its parameters, or of those it must be given.
 *
 * @param {Declared} declaration
 * @param {Function} actual
 */
function sameParameters({ name, parameters }, actual) {
  assert.ok(parameters?.includes(actual.length), `${name} declares ${parameters} parameters`);
}

/** The methods that are declared, less those that not all have. @param {Declared | undefined} declaration */
function sameMembers(declaration, /** @type {object} */ actual) {
  assert.ok(declaration);
  const found = properties(actual);
  const missing = [...declaration.members.values()].filter(
    ({ name, isOptional }) => isOptional && !found.has(name),
  );
  assert.deepEqual(
    sorted([...found.keys(), ...missing.map(({ name }) => name)]),
    sorted(declaration.members.keys()),
    declaration.name,
  );
  for (const [name, { value }] of found) {
    const member = declaration.members.get(name);
    if (typeof value === "function" && member?.parameters) sameParameters(member, value);
  }
}

for (const [n, entry] of entries.entries()) {
  const declaration = /** @type {Map<string, Declared>} */ (declarations[n]);

  test(`${entry} exports what it declares, and nothing else`, async () => {
    const actual = await load(entry);
    const values = [...declaration.values()].filter(({ isType }) => !isType);
    assert.deepEqual(sorted(values.map(({ name }) => name)), sorted(Object.keys(actual)));
    for (const value of values) {
      if (value.parameters) sameParameters(value, actual[value.name]);
      assert.equal(typeof actual[value.name] === "function", Boolean(value.parameters), value.name);
    }
  });

  test(`every name that ${entry} declares has its doc comment`, () => {
    const bare = [...declaration.values()].flatMap(({ name, doc, members }) => [
      ...(doc ? [] : [name]),
      ...[...members.values()].filter((each) => !each.doc).map((each) => `${name}.${each.name}`),
    ]);
    assert.deepEqual(bare, []);
  });
}

describe("classes and objects have the members that are declared, and no others", async () => {
  const api = await load(".");

  for (const name of ["IronflowClient", "BrowserKVClient", "BrowserKVBucketHandle"]) {
    test(name, () => {
      sameMembers(main.get(name), api[name].prototype);
      assert.deepEqual(
        Object.keys(Object.getOwnPropertyDescriptors(api[name])).filter(
          (each) => !isMachinery(each),
        ),
        ["length", "name", "prototype"],
      );
    });
  }

  for (const name of Object.keys(api).filter((each) => /^[A-Z].*Error$/.test(each))) {
    test(name, () => {
      const options = {
        code: "C",
        status: 1,
        retryable: true,
        retryAfter: 1,
        operation: "get",
        bucket: "b",
        key: "k",
        details: {},
        cause: 1,
      };
      assert.deepEqual(
        sorted(Object.keys(options)),
        sorted(main.get("IronflowErrorOptions")?.members.keys() ?? []),
      );
      const error = new api[name]("words", { ...options, timeoutMs: 5 });
      for (const [option, value] of Object.entries(options)) assert.equal(error[option], value);
      const found = properties(error);
      // Those of every error. The base leaves its name open.
      for (const each of ["stack", "message", "cause"]) found.delete(each);
      if (name === "IronflowError") found.delete("name");
      assert.deepEqual(sorted(found.keys()), sorted(main.get(name)?.members.keys() ?? []));
    });
  }

  /** @type {any} */
  let client;
  /** @type {any} */
  let bucket;
  before(async () => {
    client = api.createClient({ transport: "memory", logger: false });
    await client.kv().createBucket({ name: "b" });
    bucket = client.kv().bucket("b");
    await bucket.put("key", "value");
  });
  after(() => client.disconnect());

  test("KVBucketInfo", async () => {
    const config = { name: "full", description: "words", ttlSeconds: 60 };
    sameMembers(main.get("KVBucketInfo"), await client.kv().createBucket(config));
  });

  test("KVEntry, KVPutResult", async () => {
    sameMembers(main.get("KVEntry"), await bucket.get("key"));
    sameMembers(main.get("KVPutResult"), await bucket.put("key", "value"));
  });

  test("KVWatcher, KVPutEvent, KVDeleteEvent", async () => {
    const watcher = bucket.watch({ initial: true });
    sameMembers(main.get("KVWatcher"), watcher);
    for await (const event of watcher) {
      const name = event.operation === "put" ? "KVPutEvent" : "KVDeleteEvent";
      sameMembers(main.get(name), event);
      if (name === "KVDeleteEvent") break;
      await bucket.delete(event.key);
    }
    await bucket.put("key", "value");
  });

  test("KVView, KVViewSnapshot, KVViewEntry", async () => {
    const view = bucket.view();
    await view.ready;
    sameMembers(main.get("KVView"), view);
    sameMembers(main.get("KVViewSnapshot"), view.getSnapshot());
    sameMembers(main.get("KVViewEntry"), view.get("key"));
    view.stop();
  });

  test("IronflowConfig, ErrorContext", async () => {
    const given = {
      fallback: "memory",
      logger: false,
      onError(/** @type {unknown} */ _, /** @type {unknown} */ __) {},
      memory: { name: "shared" },
    };
    sameMembers(main.get("IronflowConfig"), api.createClient(given).getConfig());
    const context = await new Promise((resolve) => {
      client.onError((/** @type {unknown} */ _, /** @type {unknown} */ context) =>
        resolve(context),
      );
      bucket.get("missing").catch(() => {});
    });
    sameMembers(main.get("ErrorContext"), /** @type {object} */ (context));
  });
});

describe("the options that are known are those that are declared:", async () => {
  const { createClient } = await load(".");
  const client = createClient({ transport: "memory", logger: false });
  const kv = client.kv();
  const bucket = kv.bucket("b");
  const odd = { odd: 1 };

  /** @type {Record<string, (() => unknown)[]>} */
  const refused = {
    IronflowConfigOptions: [() => client.configure(odd)],
    ReconnectConfig: [() => client.configure({ reconnect: odd })],
    RetryConfig: [() => client.configure({ retry: odd })],
    BackoffConfig: [
      () => client.configure({ reconnect: { backoff: odd } }),
      () => client.configure({ retry: { backoff: odd } }),
    ],
    AuthConfig: [() => client.setAuth(odd), () => client.configure({ auth: odd })],
    VisibilityConfig: [() => client.configure({ visibility: odd })],
    MemoryConfig: [() => client.configure({ memory: odd })],
    BucketOptions: [() => kv.bucket("b", odd)],
    KVBucketConfig: [
      () => kv.createBucket({ name: "b", ...odd }),
      () => client.configure({ memory: { buckets: [{ name: "b", ...odd }] } }),
    ],
    KVWatchOptions: [() => bucket.watch(odd), () => bucket.watch({ onUpdate() {} }, odd)],
    KVViewOptions: [() => bucket.view(odd)],
    ModifyOptions: [() => bucket.modify("key", () => "1", odd)],
    RequestOptions: [
      () => kv.createBucket({ name: "b" }, odd),
      () => kv.deleteBucket("b", odd),
      () => kv.listBuckets(odd),
      () => kv.getBucketInfo("b", odd),
      () => bucket.find("key", odd),
      () => bucket.history("key", odd),
      () => bucket.listKeys(">", odd),
      () => bucket.entries(">", odd),
    ],
    KVWriteOptions: [
      () => bucket.put("key", "1", odd),
      () => bucket.create("key", "1", odd),
      () => bucket.update("key", "1", 1, odd),
    ],
    KVGetOptions: [() => bucket.get("key", odd)],
    KVRemoveOptions: [() => bucket.delete("key", odd), () => bucket.purge("key", odd)],
  };
  for (const [name, calls] of Object.entries(refused)) {
    test(name, async () => {
      for (const call of calls) {
        const error = await (async () => call())().then(
          () => assert.fail(`${call} takes any option`),
          (reason) => reason,
        );
        const known = /^(?:\w+(?: \S+)?: )?unknown option \S*odd; known are: (.*)$/.exec(
          error.message,
        )?.[1];
        const members = main.get(name)?.members.keys() ?? [];
        assert.deepEqual(sorted(known?.split(", ") ?? []), sorted(members), `${call}`);
      }
    });
  }

  test("KVWatchCallbacks", () => {
    /** @type {Set<string>} */
    const asked = new Set();
    const callbacks = new Proxy(
      { onUpdate() {} },
      {
        get(target, name) {
          asked.add(String(name));
          return Reflect.get(target, name);
        },
      },
    );
    bucket.watch(callbacks).stop();
    assert.deepEqual(sorted(asked), sorted(main.get("KVWatchCallbacks")?.members.keys() ?? []));
  });
});

test("the codes of errors that are declared are those that errors are made with", () => {
  const scripts = ["src/js", "pkg-template"].flatMap((folder) =>
    readdirSync(join(root, folder))
      .filter((name) => name.endsWith(".js"))
      .map((name) => readFileSync(join(root, folder, name), "utf8")),
  );
  const codes = new Set(
    scripts.flatMap((text) =>
      [...text.matchAll(/\bcode(?::| = options\.code \?\?) "([A-Z_]+)"/g)].map(([, code]) => code),
    ),
  );
  const [rust = ""] = readFileSync(join(root, "src/error.rs"), "utf8").split("#[cfg(test)]");
  for (const [, code] of rust.matchAll(/"([A-Z]+(?:_[A-Z]*)*)"/g)) {
    codes.add(code);
  }
  // Of a union's parts, one is a template that begins with `HTTP_`.
  const union = main
    .get("IronflowErrorCode")
    ?.union.map((each) => each.replace(/^`(.*)\$.*$/, "$1").replaceAll('"', ""));
  assert.deepEqual(sorted(/** @type {Set<string>} */ (codes)), sorted(union ?? []));
});
