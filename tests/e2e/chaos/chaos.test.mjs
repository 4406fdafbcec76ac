// Watches in a real browser, behind a proxy and a gateway that do to them what networks and servers do, while servers
// come and go and keys are written: what a watch promises holds throughout. CHAOS_SEED repeats a run's faults;
// CHAOS_PHASES says how long a run is, at least 2, by default 4; CHAOS_SECONDS for how long runs follow one another,
// and CHAOS_FAULTS until how many faults of a version were felt; by default there is one run for each backend and
// version. CHAOS_ONLY="memory 2, nats 1" selects backends and versions. A run that fails leaves what led to it in target/chaos.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { targetDir } from "../support/paths.mjs";
import { anySeed } from "./random.mjs";
import { openStage } from "./stage.mjs";
import { standing, views } from "./watchers.mjs";

const SEED = Number(process.env.CHAOS_SEED || anySeed());
const PHASES = Number(process.env.CHAOS_PHASES || 4);
const SECONDS = Number(process.env.CHAOS_SECONDS || 0);
const FAULTS = Number(process.env.CHAOS_FAULTS || 0);
const ONLY = process.env.CHAOS_ONLY?.split(/, */);

/** In each phase. At least half of them are to meet a connection. */
const BLOWS = 30;

/** Of the client, in milliseconds. */
const HEARTBEAT = 1_000;
const TIMEOUT = 2_000;

/** @type {Awaited<ReturnType<typeof openStage>>} */
let stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

/** @type {Omit<import("./run.mjs").Settings, "tabs" | "site" | "backend" | "version" | "seed">} */
const settings = {
  client: "/pkg/index.js",
  config: {
    timeout: TIMEOUT,
    reconnect: { maxAttempts: -1, heartbeat: HEARTBEAT, backoff: { initial: 20, max: 500 } },
  },
  halfOpenBound: HEARTBEAT + TIMEOUT,
  watchers: standing,
  views,
  phases: PHASES,
  blows: BLOWS,
  patience: 30_000,
};

/** A search for faults goes on after a failure, but not after so many. */
const MANY_FAILURES = 5;

/** @param {Map<string, number>} counts */
const sum = (counts) => [...counts.values()].reduce((total, count) => total + count, 0);

/** @param {Map<string, number>} counts */
const listed = (counts) => [...counts].map(([kind, count]) => `${count} ${kind}`).join(", ");

/**
 * One run. Says how to repeat one that fails.
 *
 * @param {"memory" | "nats"} backend @param {1 | 2} version @param {number} seed
 */
async function run(backend, version, seed) {
  try {
    return await stage.run({ ...settings, backend, version, seed });
  } catch (error) {
    const folder = join(targetDir, "chaos");
    mkdirSync(folder, { recursive: true });
    const again = `CHAOS_SEED=${seed} CHAOS_PHASES=${PHASES} node --test --test-name-pattern="${backend}, version ${version}" tests/e2e/chaos/chaos.test.mjs`;
    const report = `${Reflect.get(Object(error), "stack")}\n\nto repeat it: ${again}\n`;
    const file = join(folder, `${backend}-${version}-${seed}.txt`);
    writeFileSync(file, report);
    throw new Error(`${file}: to repeat it: ${again}`, { cause: error });
  }
}

for (const version of /** @type {const} */ ([1, 2])) {
  for (const backend of /** @type {const} */ (["memory", "nats"])) {
    const isWanted = !ONLY || ONLY.includes(`${backend} ${version}`);
    const skip = !isWanted && "CHAOS_ONLY selects others";
    test(`a watch loses no final state, repeats nothing and leaves nothing open, on ${backend}, version ${version}`, {
      skip,
    }, async (t) => {
      const end = Date.now() + (SECONDS * 1_000) / 4;
      const wanted = FAULTS / 2;
      /** @type {Map<string, number>} */
      const all = new Map();
      let total = 0;
      let oldest = 0;
      /** @type {unknown[]} */
      const failures = [];
      for (let seed = SEED; seed === SEED || Date.now() < end || total < wanted; seed += 1) {
        try {
          const { felt, holes, events, writes, opened } = await run(backend, version, seed);
          for (const [kind, count] of felt) all.set(kind, (all.get(kind) ?? 0) + count);
          const faults = sum(felt);
          total += faults;
          oldest = Math.max(oldest, ...holes);
          t.diagnostic(
            `seed ${seed}: ${faults} faults (${listed(felt)}), ${writes} writes, ${opened} sockets, ${events} events`,
          );
          assert.ok(faults >= (PHASES * BLOWS) / 2, `${faults} faults`);
        } catch (error) {
          failures.push(error);
          if (FAULTS === 0 || failures.length === MANY_FAILURES) throw error;
        }
      }
      const half =
        version === 2 ? `; the oldest half-open connection: ${Math.round(oldest)} ms` : "";
      t.diagnostic(`${total} faults of ${all.size} kinds (${listed(all)})${half}`);
      assert.deepEqual(failures, []);
      if (FAULTS > 0) assert.ok(all.size >= 10, `${all.size} kinds`);
    });
  }
}
