// Renders a list as a server does, and reports what of the network was used.

import { render } from "ironflow:framework";
import { createClient } from "@ironflow/browser";
import { hydrate } from "@ironflow/browser/ssr";

export async function renderList(data) {
  const used = [];
  const { fetch, WebSocket } = globalThis;
  globalThis.fetch = () => used.push("fetch");
  globalThis.WebSocket = class {
    constructor() {
      used.push("WebSocket");
    }
  };
  try {
    const html = await render({ bucket: createClient().kv().bucket("b"), persist: hydrate(data) });
    // What a store or an effect does later.
    await new Promise((resolve) => setTimeout(resolve));
    return { html, used };
  } finally {
    Object.assign(globalThis, { fetch, WebSocket });
  }
}
