// The list as a server renders it.

import { createClient } from "@ironflow/browser";
import { hydrate } from "@ironflow/browser/ssr";
import { StrictMode } from "react";
import { renderToString } from "react-dom/server";
import { List } from "./list.jsx";

/** The markup, and what of the network was used for it. */
export function renderList(data) {
  const used = [];
  const { fetch, WebSocket } = globalThis;
  globalThis.fetch = () => used.push("fetch");
  globalThis.WebSocket = class {
    constructor() {
      used.push("WebSocket");
    }
  };
  try {
    const bucket = createClient().kv().bucket("b");
    const html = renderToString(
      <StrictMode>
        <List bucket={bucket} persist={hydrate(data)} />
      </StrictMode>,
    );
    return { html, used };
  } finally {
    Object.assign(globalThis, { fetch, WebSocket });
  }
}
