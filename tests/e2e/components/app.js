// What the tests use in a page: a client, and components of a framework by name.

import * as framework from "ironflow:framework";
import { createClient } from "@ironflow/browser";
import { dehydrate, hydrate } from "@ironflow/browser/ssr";

const rendered = [];
const onRender = (name) => rendered.push(name);
let client;

const withBucket = ({ bucket, decode, data, recorded, ...props }) => ({
  ...props,
  ...(data && { persist: hydrate(data) }),
  ...((props.count || recorded) && { onRender }),
  bucket: bucket ? client.kv().bucket(bucket, { decode }) : undefined,
});

globalThis.app = {
  rendered,
  start(config) {
    client = createClient(config);
  },
  client: () => client,
  kv: () => client.kv(),
  show: (name, props) => framework.show(name, withBucket(props)),
  dehydrate: async (bucket) => dehydrate(await client.kv().bucket(bucket).entries()),
  hydrate(html, name, props) {
    document.getElementById("root").innerHTML = html;
    framework.hydrate(name, withBucket(props));
  },
  unmount: () => framework.unmount(),
};
