// The suite itself: it has nothing against a client that does right, and notices one that does not.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openStage } from "../chaos/stage.mjs";
import { standing } from "../chaos/watchers.mjs";

/** @type {Awaited<ReturnType<typeof openStage>>} */
let stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

/** @type {Omit<import("../chaos/run.mjs").Settings, "tabs" | "site" | "config">} */
const settings = {
  client: "/chaos/plain-client.mjs",
  watchers: standing.filter(({ iterate }) => !iterate),
  views: [],
  backend: "memory",
  version: 1,
  seed: 7,
  phases: 1,
  blows: 8,
  patience: 10_000,
};

test("a client that resyncs after each reconnect keeps every guarantee", async () => {
  await stage.run({ ...settings, patience: 30_000, config: { resync: true } });
});

test("a client that does not resync is detected", async () => {
  const running = stage.run({ ...settings, config: { resync: false } });
  await assert.rejects(
    running,
    /^Error: final states, on memory, version 1, with CHAOS_SEED=7:\n {2}.* its last event/,
  );
});
