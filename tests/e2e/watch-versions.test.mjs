// The suites of watches on servers of both versions of the wire.

import assert from "node:assert/strict";
import { after, describe, test } from "node:test";
import WebSocket from "ws";
import { run } from "../suite/index.js";
import { api } from "./support/api.mjs";
import { startDevServer } from "./support/dev-server.mjs";
import { startNats } from "./support/nats.mjs";
import { startServer } from "./support/server.mjs";

globalThis.WebSocket = /** @type {any} */ (WebSocket);

const suites = [
  "watching",
  "views",
  "mutatingViews",
  "survivingViews",
  "feeds",
  "delivery",
  "connection",
  "keyTtl",
];

for (const watchVersions of /** @type {const} */ (["1", "1,2"])) {
  for (const store of ["memory", "nats", "the development server"]) {
    describe(`a server with the versions ${watchVersions} of the watch, on ${store}`, async () => {
      const nats = store === "nats" ? await startNats() : undefined;
      const server = store.startsWith("the")
        ? await startDevServer("--watch-versions", watchVersions)
        : await startServer({ store: nats?.url ?? store, watchVersions });
      after(async () => {
        await server.stop();
        await nats?.stop();
      });
      for (const suite of suites) {
        test(`passes the suite ${suite}`, async () => {
          const config = { serverUrl: server.url };
          const { passed } = await run(suite, { ...api, config, watchVersions });
          assert.ok(passed > 0);
        });
      }
    });
  }
}
