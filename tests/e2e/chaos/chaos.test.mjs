// Watches in a real browser, behind a proxy that does to their connections what networks do, while servers come and
// go and keys are written: what a watch promises holds throughout. CHAOS_SEED repeats a run's faults; CHAOS_PHASES
// says how long a run is, at least 2, by default 4; CHAOS_SECONDS for how long runs follow one another, by default
// there is one for each backend.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { anySeed } from "./random.mjs";
import { openStage } from "./stage.mjs";
import { standing } from "./watchers.mjs";

const SEED = Number(process.env.CHAOS_SEED || anySeed());
const PHASES = Number(process.env.CHAOS_PHASES || 4);
const SECONDS = Number(process.env.CHAOS_SECONDS || 0);

/** In each phase. At least half of them are to meet a connection. */
const BLOWS = 22;

/** @type {Awaited<ReturnType<typeof openStage>>} */
let stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

/** @type {Omit<import("./run.mjs").Settings, "browser" | "site" | "backend" | "seed">} */
const settings = {
  client: "/pkg/index.js",
  config: { reconnect: { maxAttempts: -1, backoff: { initial: 20, max: 500 } } },
  watchers: standing,
  phases: PHASES,
  blows: BLOWS,
  patience: 30_000,
};

for (const backend of /** @type {const} */ (["memory", "nats"])) {
  test(`a watch loses no final state, repeats nothing and leaves nothing open, on ${backend}`, async (t) => {
    const end = Date.now() + (SECONDS * 1_000) / 2;
    for (let seed = SEED; seed === SEED || Date.now() < end; seed += 1) {
      const { felt, events, writes, opened } = await stage.run({ ...settings, backend, seed });
      const faults = [...felt.values()].reduce((sum, count) => sum + count, 0);
      const kinds = [...felt].map(([kind, count]) => `${count} ${kind}`).join(", ");
      t.diagnostic(
        `seed ${seed}: ${faults} faults (${kinds}), ${writes} writes, ${opened} sockets, ${events} events`,
      );
      assert.ok(faults >= (PHASES * BLOWS) / 2, `${faults} faults`);
    }
  });
}
