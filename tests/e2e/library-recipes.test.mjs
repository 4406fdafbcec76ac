// The recipes for other libraries, taken from docs/recipes and run with the real libraries: each follows its bucket,
// and stops its view.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";
import { api } from "./support/api.mjs";
import { root } from "./support/paths.mjs";
import { readPage } from "./support/readme.mjs";

const folder = mkdtempSync(join(tmpdir(), "ironflow-library-recipes-"));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * What a recipe exports, and the library that it imports, as a page gets it.
 *
 * @param {string} page in docs/recipes
 * @param {string} library
 * @returns {Promise<any>}
 */
async function load(page, library) {
  const code = /^```js\n(.*?)^```$/ms.exec(readPage(`docs/recipes/${page}.md`))?.[1];
  assert.ok(code, `no code in ${page}`);
  const outfile = join(folder, `${page}.mjs`);
  await build({
    stdin: {
      contents: `${code}\nexport * as library from ${JSON.stringify(library)};`,
      resolveDir: join(root, "tests"),
    },
    outfile,
    bundle: true,
    format: "esm",
    conditions: ["browser"],
    define: { "process.env.NODE_ENV": '"development"' },
    logLevel: "warning",
  });
  return import(pathToFileURL(outfile).href);
}

/** A bucket with the key a.1 and a way to wait until `read` gives what is expected. */
async function open() {
  const client = api.createClient({ transport: "memory", memory: { buckets: ["b"] } });
  const bucket = client.kv().bucket("b", { decode: "json" });
  await bucket.put("a.1", { n: 1 });
  /** The views that were opened. @type {any[]} */
  const views = [];
  const spied = new Proxy(bucket, {
    get(target, name) {
      const found = Reflect.get(target, name, target);
      if (typeof found !== "function") return found;
      return (/** @type {any[]} */ ...given) => {
        const result = found.apply(target, given);
        if (name === "view") views.push(result);
        return result;
      };
    },
  });
  return { client, bucket: spied, views };
}

/** Resolves once `notify` is called while `isDone` is true; `start` takes `notify`. */
const until = (
  /** @type {(notify: () => void) => unknown} */ start,
  /** @type {() => unknown} */ isDone,
) =>
  new Promise((resolve) => {
    start(() => isDone() && resolve(undefined));
  });

test("docs/recipes/solid.md: a signal in a root", async () => {
  const { createKV, library } = await load("solid", "solid-js");
  const { client, bucket, views } = await open();
  /** @type {any} */
  let todos;
  /** @type {() => void} */
  let dispose = () => {};
  let notify = () => {};
  /** @type {string[][]} */
  const seen = [];
  library.createRoot((/** @type {() => void} */ end) => {
    dispose = end;
    todos = createKV(bucket, "a.*");
    library.createEffect(() => {
      seen.push(todos().keys());
      notify();
    });
  });
  await until(
    (changed) => {
      notify = changed;
    },
    () => todos().status === "ready",
  );
  const first = todos().get("a.1");
  assert.deepEqual(first.value, { n: 1 });
  const added = until(
    (changed) => {
      notify = changed;
    },
    () => todos().size === 2,
  );
  await bucket.put("a.2", { n: 2 });
  await added;
  assert.equal(todos().get("a.1"), first);
  assert.deepEqual(seen.at(-1), ["a.1", "a.2"]);
  dispose();
  assert.deepEqual(
    views.map(({ status }) => status),
    ["closed"],
  );
  client.disconnect();
});

test("docs/recipes/angular.md: a signal in an injection context", async () => {
  const { kvSignal, library } = await load("angular", "@angular/core");
  const { client, bucket, views } = await open();
  const parent = library.Injector.create({ providers: [] });
  const injector = library.createEnvironmentInjector([], parent);
  const todos = library.runInInjectionContext(injector, () => kvSignal(bucket, "a.*"));
  const sum = library.computed(() =>
    todos()
      .entries()
      .reduce((/** @type {number} */ total, /** @type {any} */ { value }) => total + value.n, 0),
  );
  const [view] = views;
  await view.ready;
  await until(
    (changed) => view.subscribe(changed) && changed(),
    () => todos().status === "ready",
  );
  assert.equal(sum(), 1);
  const { revision } = await bucket.put("a.2", { n: 2 });
  await view.waitFor(revision);
  await until(
    (changed) => view.subscribe(changed) && changed(),
    () => todos().size === 2,
  );
  assert.equal(sum(), 3);
  injector.destroy();
  assert.equal(view.status, "closed");
  client.disconnect();
});

test("docs/recipes/rxjs.md: observables of snapshots and changes", async () => {
  const { snapshots, changes, library } = await load("rxjs", "rxjs");
  const { client, bucket, views } = await open();
  const { firstValueFrom, filter, take, toArray } = library;
  const all = snapshots(bucket, "a.*");
  const isReady = filter((/** @type {any} */ { status }) => status === "ready");
  const ready = await firstValueFrom(all.pipe(isReady));
  assert.deepEqual(ready.keys(), ["a.1"]);
  assert.deepEqual(
    views.map(({ status }) => status),
    ["closed"],
  );
  const events = firstValueFrom(changes(bucket, "a.*").pipe(take(2), toArray()));
  const two = firstValueFrom(all.pipe(filter((/** @type {any} */ { size }) => size === 2)));
  await firstValueFrom(snapshots(bucket).pipe(isReady));
  await bucket.put("a.2", { n: 2 });
  await two;
  await bucket.delete("a.1");
  assert.deepEqual(
    (await events).map((/** @type {any} */ { key, operation }) => [key, operation]),
    [
      ["a.2", "put"],
      ["a.1", "delete"],
    ],
  );
  const completed = Promise.all([
    new Promise((complete) => all.subscribe({ complete })),
    new Promise((complete) => changes(bucket).subscribe({ complete })),
  ]);
  client.disconnect();
  await completed;
});

test("docs/recipes/tanstack-query.md: active queries follow the view", async () => {
  const { kvQueries, library } = await load("tanstack-query", "@tanstack/query-core");
  const { client, bucket, views } = await open();
  const queryClient = new library.QueryClient();
  const todos = kvQueries(queryClient, bucket, "a.*");
  const list = new library.QueryObserver(queryClient, todos.list);
  const missing = new library.QueryObserver(queryClient, todos.value("a.2"));
  const data = () => [list, missing].map((each) => each.getCurrentResult().data);
  let notify = () => {};
  list.subscribe(() => notify());
  missing.subscribe(() => notify());
  /** @param {unknown} expected */
  const shows = (expected) =>
    until(
      (changed) => {
        notify = changed;
        changed();
      },
      () => JSON.stringify(data()) === JSON.stringify(expected),
    );
  const one = { key: "a.1", value: { n: 1 } };
  await shows([[one], null]);
  const [kept] = data()[0];
  await bucket.put("a.2", { n: 2 });
  await shows([[one, { key: "a.2", value: { n: 2 } }], { n: 2 }]);
  assert.equal(data()[0][0], kept, "what did not change is the same object");
  await bucket.delete("a.2");
  await shows([[one], null]);
  todos.stop();
  assert.equal(views[0].status, "closed");
  queryClient.clear();
  client.disconnect();
});

test("docs/recipes/redux.md: a store of plain values", async () => {
  const { kvReducer, connectKV, library } = await load("redux", "redux");
  const { client, bucket, views } = await open();
  const store = library.legacy_createStore(kvReducer);
  assert.deepEqual(store.getState(), { status: "loading", values: {} });
  const stop = connectKV(store, bucket, "a.*");
  let notify = () => {};
  store.subscribe(() => notify());
  /** @param {() => unknown} isDone */
  const when = (isDone) =>
    until((changed) => {
      notify = changed;
      changed();
    }, isDone);
  await when(() => store.getState().status === "ready");
  const { values } = store.getState();
  assert.deepEqual(values, { "a.1": { n: 1 } });
  await bucket.put("a.2", { n: 2 });
  await when(() => store.getState().values["a.2"]);
  assert.equal(store.getState().values["a.1"], values["a.1"]);
  stop();
  assert.equal(views[0].status, "closed");
  client.disconnect();
});
