// What the tests render in a page: a list of keys, and single keys, as an application would write them.

import { createClient } from "@ironflow/browser";
import { useKVEntry } from "@ironflow/browser/react";
import { StrictMode } from "react";
import { createRoot, hydrateRoot } from "react-dom/client";
import { List } from "./list.jsx";

/** What was rendered, in order. */
const rendered = [];
const onRender = (shown) => rendered.push(shown);
const handles = new Map();
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

const components = { List, Entry, Entries };

/** A component by its name, none for an unknown one. Another `handle` is another handle. */
function page(name, { bucket, decode, handle, ...props }) {
  const id = JSON.stringify([bucket, decode, handle]);
  if (!handles.has(id)) handles.set(id, kv.bucket(bucket, { decode }));
  const Component = components[name];
  const given = { ...props, bucket: handles.get(id), onRender };
  return <StrictMode>{Component && <Component {...given} />}</StrictMode>;
}

globalThis.app = {
  rendered,
  start(config) {
    kv = createClient(config).kv();
  },
  kv: () => kv,
  render(name, props) {
    root ??= createRoot(document.getElementById("root"));
    root.render(page(name, props));
  },
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
