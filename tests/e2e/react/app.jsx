// What the tests render in a page: a list of keys, and single keys, as an application would write them.

import { createClient } from "@ironflow/browser";
import { useKV, useKVEntry } from "@ironflow/browser/react";
import { dehydrate, hydrate } from "@ironflow/browser/ssr";
import { StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { List } from "./list.jsx";

/** What was rendered, in order. */
const rendered = [];
const onRender = (shown) => rendered.push(shown);
const handles = new Map();
let client;
let kv;
let root;

function Entry({ bucket, name }) {
  const { entry, value, status, error } = useKVEntry(bucket, name);
  onRender(`${name} ${status}`);
  return (
    <p id={name} data-status={status} data-error={error?.code} data-revision={entry?.revision}>
      {JSON.stringify(value)}
    </p>
  );
}

function Entries({ bucket, count }) {
  const names = Array.from({ length: count }, (_, n) => `key-${n}`);
  return names.map((name) => <Entry key={name} name={name} bucket={bucket} />);
}

/** The number of all keys, and single keys. */
function Size({ bucket }) {
  const { data, status } = useKV(bucket);
  onRender(`all ${data.size}`);
  return (
    <p id="size" data-status={status}>
      {data.size}
    </p>
  );
}

function Large({ bucket, count }) {
  return (
    <>
      <Size bucket={bucket} />
      <Entries bucket={bucket} count={count} />
    </>
  );
}

/** A counter by the two hooks; leaves their `mutate` to the tests. */
function Counter({ bucket }) {
  const { entry, value, mutate } = useKVEntry(bucket, "n");
  const list = useKV(bucket);
  app.mutate = mutate;
  app.mutateList = list.mutate;
  onRender(`${value}${entry?.pending ? " pending" : ""}`);
  return (
    <button type="button" onClick={() => mutate((current) => (current?.value ?? 0) + 1)}>
      {value}
    </button>
  );
}

/** Makes its handle itself, each time it is rendered. */
function Inside({ bucket, decode }) {
  return <List bucket={kv.bucket(bucket.name, { decode })} onRender={onRender} />;
}

/** Two components that share a view, and one that joins them. */
function Together({ bucket, joined }) {
  return (
    <>
      <List bucket={bucket} />
      <Entry bucket={bucket} name="a" />
      {joined && <List bucket={bucket} />}
    </>
  );
}

function Mistaken({ bucket }) {
  const shown = {
    undefined: useKV(undefined),
    null: useKV(null),
    string: useKV("b"),
    function: useKV(() => {}),
    object: useKV({}),
    filter: useKV(bucket, () => {}),
    "no key": useKVEntry(bucket, undefined),
    "null key": useKVEntry(bucket, null),
    "no bucket": useKVEntry(undefined, "a"),
  };
  return Object.entries(shown).map(([name, { status, error, entries, entry }]) => (
    <pre key={name}>{JSON.stringify([name, status, error?.message, entries?.length, entry])}</pre>
  ));
}

const components = { List, Entry, Entries, Inside, Large, Counter, Together, Mistaken };

/** A component by its name, none for an unknown one. Another `handle` is another handle. */
function page(name, { bucket, decode, handle, data, ...props }) {
  const id = JSON.stringify([bucket, decode, handle]);
  if (!handles.has(id)) handles.set(id, kv.bucket(bucket, { decode }));
  const Component = components[name];
  const given = { ...props, bucket: handles.get(id), persist: hydrate(data), onRender };
  return <StrictMode>{Component && <Component {...given} />}</StrictMode>;
}

globalThis.app = {
  rendered,
  start(config) {
    client = createClient(config);
    kv = client.kv();
  },
  client: () => client,
  kv: () => kv,
  show(name, props) {
    root ??= createRoot(document.getElementById("root"));
    root.render(page(name, props));
  },
  dehydrate: async (bucket) => dehydrate(await kv.bucket(bucket).entries()),
  hydrate(html, name, props) {
    const element = document.getElementById("root");
    element.innerHTML = html;
    root = hydrateRoot(element, page(name, props));
  },
  unmount() {
    root.unmount();
    root = undefined;
  },
};
