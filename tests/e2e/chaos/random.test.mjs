import assert from "node:assert/strict";
import { test } from "node:test";
import { seeded } from "./random.mjs";

/** @param {number} seed */
const some = (seed) => {
  const random = seeded(seed);
  return Array.from({ length: 1000 }, () => random.between(1, 6));
};

test("numbers follow from the seed", () => {
  assert.deepEqual(some(7), some(7));
  assert.notDeepEqual(some(7), some(8));
});

test("numbers are spread over the whole range", () => {
  const counts = new Map();
  for (const number of some(1)) counts.set(number, (counts.get(number) ?? 0) + 1);
  assert.deepEqual([...counts.keys()].sort(), [1, 2, 3, 4, 5, 6]);
  for (const count of counts.values()) assert.ok(count > 100 && count < 250, `${count} of 1000`);
});

test("one of a list", () => {
  const random = seeded(3);
  const picked = new Set(Array.from({ length: 100 }, () => random.pick(["a", "b", "c"])));
  assert.deepEqual([...picked].sort(), ["a", "b", "c"]);
});
