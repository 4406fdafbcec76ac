// Hung handshakes in Chromium, which has one handshake at a time with a server: the next one waits for it.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startServer } from "../support/server.mjs";
import { startGateway } from "./gateway.mjs";
import { openStage } from "./stage.mjs";
import { SubjectPage } from "./subject-page.mjs";

/** @type {Awaited<ReturnType<typeof openStage>>} */
let stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

for (const watchVersions of ["1", "1,2"]) {
  test(`a handshake that hangs does not keep others from the server (${watchVersions})`, async () => {
    const server = await startServer({ watchVersions });
    const gateway = await startGateway(server.url);
    const page = await SubjectPage.openSubject(stage.tabs, stage.url, "/pkg/index.js", {
      ...{ serverUrl: gateway.url, timeout: 500 },
      reconnect: { maxAttempts: -1, backoff: { initial: 20, max: 100 } },
    });
    try {
      await fetch(`${server.url}/api/v1/kv/buckets`, {
        method: "POST",
        headers: { "Content-Type": "application/json" },
        body: '{"name":"b"}',
      });
      let hung = 0;
      const fault = { kind: /** @type {const} */ ("hang-handshake"), hold: 600_000, chosen: 0 };
      const hit = () => {
        hung += 1;
      };
      const rest = { status: /** @type {const} */ (429), retryAfter: undefined, closes: true };
      gateway.inflict({ ...fault, ...rest }, hit);
      await page.start({ name: "w", client: "c", bucket: "b" });
      while (hung === 0) await page.drain();
      gateway.rules.heal();
      // The socket that hangs stays as it is. Chromium itself gives up after minutes.
      const seen = new Set();
      const deadline = Date.now() + 60_000;
      while (!seen.has("ready") && Date.now() < deadline) {
        for (const [, { what }] of await page.drain()) seen.add(what);
      }
      assert.ok(seen.has("ready"), [...seen].join());
    } finally {
      await page.close();
      await gateway.stop();
      await server.stop();
    }
  });
}
