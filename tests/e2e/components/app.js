// What the tests use in a page: a client, and components of a framework by name.

import * as framework from "ironflow:framework";
import { createClient } from "@ironflow/browser";

const rendered = [];
const onRender = (name) => rendered.push(name);
let client;

const withBucket = ({ bucket, decode, ...props }) => ({
  ...props,
  ...(props.count && { onRender }),
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
  hydrate(html, name, props) {
    document.getElementById("root").innerHTML = html;
    framework.hydrate(name, withBucket(props));
  },
  unmount: () => framework.unmount(),
};
