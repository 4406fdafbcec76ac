// The faults of a run: which they are follows from its seed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "./random.mjs";
import { storm } from "./storm.mjs";

const COUNT = 64;

/** @param {import("./world.mjs").Backend} backend @param {number} seed */
const kinds = (backend, seed) =>
  new Set(storm(seeded(seed), backend, COUNT).map(({ blow }) => blow.kind));

test("a seed repeats a storm", () => {
  assert.deepEqual(storm(seeded(7), "nats", COUNT), storm(seeded(7), "nats", COUNT));
  assert.notDeepEqual(storm(seeded(7), "nats", COUNT), storm(seeded(8), "nats", COUNT));
});

test("a storm is of every kind, whatever the seed", () => {
  const everywhere = [
    ...["black-hole", "cut", "expire-token", "freeze-page", "freeze-server", "half-open"],
    ...["hang-handshake", "hide-page", "offline", "rate-limit", "recreate-bucket"],
    ...["refuse", "refuse-pattern", "slow", "stall", "tear"],
  ];
  for (let seed = 0; seed < 20; seed += 1) {
    assert.deepEqual([...kinds("memory", seed)].sort(), everywhere);
    const more = [...everywhere, "restart-nats", "restart-server"];
    assert.deepEqual([...kinds("nats", seed)].sort(), more.sort());
  }
});
