// What a view shows while writes of it are in flight, with random interleavings of its writes, other clients' writes,
// and the events of the watch. A value is the list of the changes that made it.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";

/** @typedef {{ revision: number, value: string[], pending?: boolean }} Entry */
/** @typedef {(value: string[] | undefined) => string[] | undefined} Change */

const load = (/** @type {string} */ name) =>
  import(new URL(`../../src/js/${name}.js`, import.meta.url).href);
const { Entries } = await load("view-entries");
const { matches, Mutations } = await load("view-mutations");

const KEY = "k";

/**
 * @param {string} _
 * @param {Entry | undefined} entry
 * @param {Change} change
 * @param {number} [revision]
 * @returns {Entry | undefined}
 */
function changed(_, entry, change, revision) {
  const value = change(entry?.value);
  if (!value) return undefined;
  return revision ? { value, revision } : { value, revision: entry?.revision ?? 0, pending: true };
}

/** A server with one key, a watch that is late, and a view with mutations. */
class World {
  entries = new Entries();
  changed = changed;
  mutations = new Mutations(this);
  /** Every state of the key, as events: a delete has no value. @type {{ value?: string[], revision: number }[]} */
  log = [];
  /** How many events the watch has delivered. */
  delivered = 0;
  revision = 0;
  /** The mutations that are not settled, in order. @type {any[]} */
  running = [];
  /** The changes that failed. */
  failed = new Set();
  names = 0;
  /** What the view showed before, to compare. @type {Entry | undefined} */
  shown;

  /** @param {string[] | undefined} value */
  write(value) {
    this.revision += 1;
    this.log.push({ value, revision: this.revision });
  }

  get current() {
    return this.log.at(-1)?.value;
  }

  deliverOne() {
    const event = this.log[this.delivered];
    if (!event) return;
    this.delivered += 1;
    this.deliver(event);
  }

  /** @param {{ value?: string[], revision: number }} event */
  deliver({ value, revision }) {
    this.mutations.set(KEY, value && { value, revision }, revision);
  }

  /** A new watch has read the key, not necessarily since the last writes. @param {number} index how many are newer */
  resync(index) {
    const read = Math.max(this.log.length - index, this.delivered);
    const event = this.log[read - 1];
    this.delivered = read;
    this.mutations.replace(new Map(event && [[KEY, event]]));
  }

  mutate() {
    this.names += 1;
    const name = `mine-${this.names}`;
    /** @type {Change} */
    const change = (value) => [...(value ?? []), name];
    this.running.push({ name, change, state: this.mutations.begin(KEY, change) });
  }

  /** The first mutation is written; its response is on the way. */
  execute() {
    const [first] = this.running;
    if (!first || first.written) return;
    this.write(first.change(this.current));
    first.written = this.log.at(-1);
  }

  respond() {
    const [first] = this.running;
    if (!first?.written) return;
    this.running.shift();
    const { value, revision } = first.written;
    this.mutations.end(KEY, first.state, first.change, revision, () => value);
  }

  fail() {
    const [first] = this.running;
    if (!first || first.written) return;
    this.running.shift();
    this.failed.add(first.name);
    this.mutations.end(KEY, first.state, first.change, 0);
  }

  check() {
    const entry = this.entries.get(KEY);
    const { shown } = this;
    assert.equal(Boolean(entry?.pending), this.running.length > 0);
    const value = entry?.value ?? [];
    assert.equal(new Set(value).size, value.length, `${value}: each change once`);
    for (const { name } of this.running) assert.ok(entry?.value.includes(name), `${name} is shown`);
    for (const name of shown?.value ?? []) {
      const gone = !entry?.value.includes(name);
      assert.ok(!gone || this.failed.has(name), `${name} stays`);
    }
    assert.ok((entry?.revision ?? 0) >= (shown?.revision ?? 0), "the revision never goes back");
    this.shown = entry;
  }
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.constant({ do: "mutate" }) },
  { weight: 4, arbitrary: fc.constant({ do: "execute" }) },
  { weight: 4, arbitrary: fc.constant({ do: "respond" }) },
  { weight: 4, arbitrary: fc.constant({ do: "deliver" }) },
  { weight: 2, arbitrary: fc.constant({ do: "other" }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("resync"), index: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.constant({ do: "fail" }) },
);

test("a change is shown from its call on, unless it fails, and never an older value again", () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 100, size: "max" }), (steps) => {
      const world = new World();
      for (const { do: what, index = 0 } of /** @type {{ do: string, index?: number }[]} */ (
        steps
      )) {
        if (what === "mutate") world.mutate();
        else if (what === "execute") world.execute();
        else if (what === "respond") world.respond();
        else if (what === "deliver") world.deliverOne();
        else if (what === "fail") world.fail();
        else if (what === "other") {
          world.names += 1;
          world.write([...(world.current ?? []), `other-${world.names}`]);
        } else {
          world.resync(index);
        }
        world.check();
      }
      while (world.running.length > 0) {
        world.execute();
        world.respond();
        world.check();
      }
      while (world.delivered < world.log.length) {
        world.deliverOne();
        world.check();
      }
      assert.deepEqual(world.entries.get(KEY)?.value, world.current);
      assert.equal(world.entries.get(KEY)?.pending, undefined);
      world.deliver({ value: ["lower"], revision: 1 });
      assert.deepEqual(world.entries.get(KEY)?.value, ["lower"], "nothing is kept");
    }),
    { numRuns: 2000 },
  );
});

/** @param {number} revision @param {string} value */
const entry = (revision, value) => ({ revision, value: [value] });

test("a delete is shown at once, and comes back where it fails", () => {
  const world = new World();
  world.deliver(entry(1, "a"));
  const change = () => undefined;
  const state = world.mutations.begin(KEY, change);
  assert.equal(world.entries.get(KEY), undefined);
  world.mutations.end(KEY, state, change, 0);
  assert.deepEqual(world.entries.get(KEY), entry(1, "a"));
});

test("an older event that comes after a delete of the view is not shown", () => {
  const world = new World();
  world.deliver(entry(1, "a"));
  const change = () => undefined;
  const state = world.mutations.begin(KEY, change);
  world.mutations.end(KEY, state, change, 3, change);
  world.deliver(entry(2, "b"));
  assert.equal(world.entries.get(KEY), undefined);
  world.deliver({ revision: 3, value: undefined });
  world.deliver(entry(4, "c"));
  assert.deepEqual(world.entries.get(KEY), entry(4, "c"));
});

test("after the connection was lost, lower revisions are shown: the bucket may have been recreated", () => {
  const world = new World();
  const change = () => ["a"];
  const state = world.mutations.begin(KEY, change);
  world.mutations.end(KEY, state, change, 10, change);
  world.deliver(entry(1, "b"));
  assert.deepEqual(world.entries.get(KEY), entry(10, "a"));
  world.mutations.disconnected();
  world.deliver(entry(2, "c"));
  assert.deepEqual(world.entries.get(KEY), entry(2, "c"));
});

test("an event that comes before the response to its write is not changed again", () => {
  const world = new World();
  world.mutate();
  world.execute();
  world.deliverOne();
  assert.deepEqual(world.entries.get(KEY)?.value, ["mine-1"]);
  world.write(["mine-1", "other"]);
  world.deliverOne();
  world.respond();
  assert.deepEqual(world.entries.get(KEY), { value: ["mine-1", "other"], revision: 2 });
});

test("after drop() the changes are not shown, and their ends change nothing", () => {
  const world = new World();
  world.deliver(entry(1, "a"));
  world.mutate();
  world.mutations.drop();
  assert.deepEqual(world.entries.get(KEY), entry(1, "a"));
  const [{ state, change }] = world.running;
  world.mutations.end(KEY, state, change, 2, change);
  assert.deepEqual(world.entries.get(KEY), entry(1, "a"));
});

for (const [
  pattern,
  matching,
  other,
] of /** @type {[string | undefined, string[], string[]][]} */ ([
  [undefined, ["a", "a.b"], []],
  [">", ["a", "a.b.c"], []],
  ["a", ["a"], ["b", "a.b"]],
  ["a.*", ["a.b"], ["a", "a.b.c", "b.a"]],
  ["*", ["a", "b"], ["a.b"]],
  ["*.b.>", ["a.b.c", "c.b.d.e"], ["a.b", "a.c.d"]],
  ["a*.b", [], ["ab.b", "a.b"]],
  ["a.>.b", [], ["a.c.b", "a.b", "a.b.b"]],
])) {
  test(`the pattern ${pattern} matches what a watch delivers`, () => {
    const matched = [...matching, ...other].filter((key) => matches(pattern, key));
    assert.deepEqual(matched, matching);
  });
}
