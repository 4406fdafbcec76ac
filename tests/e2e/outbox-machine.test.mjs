// The decisions of the outbox, with random writes, chains of them, two tabs, crashes, requests and answers that are lost,
// late or repeated, conflicts, full storages and other servers; on a journal and a server that the test makes up.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { bytesOf, numberOf, Server } from "./support/outbox-server.mjs";

const url = new URL("../../pkg-template/outbox-machine.js", import.meta.url);
const { apply, attempted, first, isQueued, lineOf, next } = await import(url.href);

const KEYS = ["a", "b"];
const UNREACHED = { code: "REQUEST_FAILED", retryable: true };

/** The journal of an origin, the tab that drains it, and what the application has seen. */
class Origin {
  servers = { s: new Server(), t: new Server() };
  /** @type {Map<string, any>} */
  journal = new Map();
  seq = 0;
  /** What the tab that drains it has learned of entries, and the other tab. @type {any} */
  memos = new Map();
  otherMemos = new Map();
  /** Requests that the server gets later, after others. @type {(() => void)[]} */
  late = [];
  /** @type {{ entry: any, theirs: any, maybeApplied: boolean }[]} */
  asked = [];
  /** @type {Map<string, any>} */
  settled = new Map();
  /** @type {any[]} */
  appended = [];
  /** @type {Set<string>} */
  resolved = new Set();
  /** The revisions that each write may replace. @type {Map<string, Set<unknown>>} */
  bases = new Map();
  numbers = 1;
  client = { server: /** @type {"s" | "t"} */ ("s"), environment: "e" };
  now = 0;
  epochs = new Map();

  get server() {
    return this.servers[this.client.server];
  }

  get log() {
    return [...this.servers.s.log, ...this.servers.t.log];
  }

  /** Configures the client for a server. @param {"s" | "t"} server */
  use(server) {
    this.client = { server, environment: "e" };
    this.epochs.clear();
  }

  entries() {
    return [...this.journal.values()].sort((a, b) => a.seq - b.seq);
  }

  world() {
    const { server, now } = this;
    return {
      ...this.client,
      epoch: this.epochs.get("known"),
      ids: server.ids,
      canRemove: true,
      now,
    };
  }

  /** The entries of a key that wait, on the server of the client. @param {string} key */
  line(key) {
    const line = lineOf({ ...this.client, bucket: "bucket", key });
    return this.entries().filter((entry) => isQueued(entry) && lineOf(entry) === line);
  }

  /** @param {string} id @param {unknown} base */
  allow(id, base) {
    this.bases.set(id, (this.bases.get(id) ?? new Set()).add(base));
  }

  /** @param {string} operation @param {string} key @param {"unseen" | "seen" | "stale"} base @param {number} [ttl] */
  append(operation, key, base, ttl) {
    this.seq += 1;
    const number = this.numbers++;
    const behind = this.line(key).at(-1);
    const seen = this.server.last.get(key);
    const current = seen?.bytes ? seen.revision : 0;
    const known = { seen: current, stale: Math.max(0, current - 1), unseen: undefined }[base];
    // An update of what is shown of the write before it has no revision of its own.
    const fixed = operation === "update" && !(behind && base === "unseen");
    if (fixed && known === undefined) return undefined;
    const entry = {
      id: `id${number}`,
      writeId: `id${number}`,
      seq: this.seq,
      ...this.client,
      bucket: "bucket",
      epoch: this.server.epoch,
      key,
      operation,
      bytes: /delete|purge/.test(operation) ? new Uint8Array() : bytesOf(number),
      sent: false,
      blind: false,
      at: this.now,
      ...(ttl && { ttl }),
      ...(behind && { after: behind.id }),
      ...((!behind || fixed) && { base: known }),
      fixed,
    };
    if (!behind || fixed) this.allow(entry.id, known);
    if (operation === "create") this.allow(entry.id, 0);
    this.journal.set(entry.id, entry);
    this.appended.push(entry);
    return entry;
  }

  /** @param {any} entry */
  followers(entry) {
    return this.entries().filter(({ after }) => after === entry.id);
  }

  /** Changes the journal, unless the tab or the storage fails. @param {any} outcome @param {any} entry @param {boolean} fails */
  store({ put, remove, settle, memo }, entry, fails) {
    if (fails) return;
    for (const changed of put) this.journal.set(changed.id, changed);
    for (const id of remove) this.journal.delete(id);
    if (settle) {
      assert.ok(!this.settled.has(entry.id), "a write is settled once");
      this.settled.set(entry.id, settle);
      const result = /delete|purge/.test(entry.operation) ? 0 : settle.revision;
      for (const { id, fixed } of put) if (!settle.error && !fixed) this.allow(id, result);
    }
    this.memos.set(entry.id, memo);
  }

  /** The first attempt of a write, as the application called it. @param {any} entry @param {string} fate */
  attempt(entry, fate) {
    const sent = first(entry, this.server.ids);
    this.journal.set(entry.id, sent);
    const { operation, base } = entry;
    const condition = { create: 0, update: base }[/** @type {"create"} */ (operation)];
    const result = this.send(sent, condition, fate);
    if (fate === "crash") return;
    this.store(attempted(sent, result, this.followers(sent), this.world()), sent, false);
  }

  /** @param {any} entry @param {number | undefined} base @param {string} fate @param {boolean} [strict] */
  send(entry, base, fate, strict) {
    if (fate === "no request") return { error: UNREACHED };
    // Without a condition, or on a key that is missing, a request that comes late may be a second write.
    if (fate === "late") {
      const { server } = this;
      if (base) this.late.push(() => server.write(entry, base, strict));
      return { error: UNREACHED };
    }
    if (fate === "401") return { error: { code: "UNAUTHENTICATED", status: 401 } };
    // A browser sends a request twice by itself, and has the second answer only.
    if (fate === "resent" && base !== undefined) this.server.write(entry, base, strict);
    const result = this.server.write(entry, base, strict);
    return fate === "no answer" ? { error: UNREACHED } : result;
  }

  /** One step of the first entry of a key. @param {string} key @param {string} fate @param {string} choice */
  step(key, fate, choice) {
    const [entry] = this.line(key);
    if (!entry) return false;
    const memo = this.memos.get(entry.id) ?? {};
    const world = this.world();
    const step = next(entry, world, memo);
    if (!step) return false;
    const result = this.carryOut(entry, step, fate, choice);
    if (fate === "crash") {
      this.crash();
      return true;
    }
    const outcome = apply(entry, memo, step, result, this.followers(entry), world);
    this.store(outcome, entry, fate === "quota");
    if (fate === "quota") this.memos.delete(entry.id);
    return true;
  }

  /** @param {any} entry @param {any} step @param {string} fate @param {string} choice @returns {any} */
  carryOut(entry, step, fate, choice) {
    const { server } = this;
    switch (step.kind) {
      case "info":
        if (fate === "no request" || fate === "no answer") return { error: UNREACHED };
        this.epochs.set("known", server.epoch);
        return {};
      case "read":
        if (fate === "no request" || fate === "no answer") return { error: UNREACHED };
        if (entry.base === undefined && !server.read(entry.key)) this.allow(entry.id, 0);
        return { theirs: server.read(entry.key) };
      case "send":
        assert.ok(Number.isSafeInteger(step.base), "a replayed write has a condition");
        assert.ok(this.bases.get(entry.id)?.has(step.base), "it replaces what it may");
        assert.ok(this.journal.get(entry.id).sent, "it was journaled before");
        return this.send(entry, step.base, fate, step.strict);
      case "ask": {
        this.checkConflict(entry, step.theirs);
        this.asked.push({ entry, theirs: step.theirs, maybeApplied: step.maybeApplied });
        this.checkMaybeApplied(entry, step.maybeApplied);
        // Else the answer is lost, and it asks once more.
        if (!/crash|quota/.test(fate)) this.allow(entry.id, step.theirs ? step.theirs.revision : 0);
        const number = this.numbers++;
        if (choice === "drop") return { drop: true };
        if (choice === "no handler") return undefined;
        if (choice === "throw") return { error: { code: "IRONFLOW_ERROR" } };
        this.resolved.add(entry.id);
        if (choice === "delete") return { remove: true, id: `r${number}` };
        return { bytes: bytesOf(number), id: `r${number}` };
      }
      default:
        return undefined;
    }
  }

  /** What may replace the stored entry is no conflict. @param {any} entry @param {any} theirs */
  checkConflict({ id, operation, base, epoch }, theirs) {
    // What it was queued behind was not written, or merged.
    if (operation === "create" || base === null || epoch !== this.server.epoch) return;
    const isMine = theirs && this.bases.get(id)?.has(theirs.revision);
    assert.ok(!isMine, `${id} is a conflict with its own base`);
  }

  /** What was carried out is not reported as certainly not carried out. @param {any} entry @param {boolean} maybe */
  checkMaybeApplied(entry, maybe) {
    if (/delete|purge/.test(entry.operation) || maybe) return;
    const value = numberOf(entry);
    const applied = this.log.some((write) => write.value === value);
    assert.ok(!applied, `${entry.id} was written, and reported as not written`);
  }

  /** Another tab of the origin goes on. */
  switchTab() {
    [this.memos, this.otherMemos] = [this.otherMemos, this.memos];
    this.epochs.clear();
  }

  /** The server gets the requests that are late. */
  arrive() {
    for (const request of this.late.splice(0)) request();
  }

  crash() {
    this.memos.clear();
    this.epochs.clear();
  }

  /** Drains it with a network that works. */
  drain() {
    for (const key of KEYS) {
      for (let steps = 0; this.step(key, "fine", "merge"); steps += 1) {
        assert.ok(steps < 1000, "the replay ends");
      }
    }
  }
}

const key = fc.constantFrom(...KEYS);
const action = fc.oneof(
  fc.record({
    kind: fc.constant("append"),
    key,
    operation: fc.constantFrom("put", "put", "create", "update", "delete", "purge"),
    base: fc.constantFrom("seen", "unseen", "stale"),
    fate: fc.constantFrom(
      "queued",
      "queued",
      "fine",
      "no request",
      "no answer",
      "late",
      "resent",
      "crash",
    ),
  }),
  fc.record({
    kind: fc.constant("step"),
    key,
    fate: fc.constantFrom(
      "fine",
      "fine",
      "fine",
      "no request",
      "no answer",
      "late",
      "resent",
      "crash",
      "quota",
      "401",
    ),
    choice: fc.constantFrom("merge", "merge", "drop", "no handler", "delete", "throw"),
  }),
  fc.record({
    kind: fc.constantFrom(
      "foreign",
      "foreign delete",
      "arrive",
      "other tab",
      "crash",
      "restart",
      "without ids",
      "server",
      "recreate",
    ),
    key,
  }),
);

/** @param {Origin} origin @param {any} given */
function run(origin, given) {
  const { server } = origin;
  switch (given.kind) {
    case "append": {
      const queued = origin.line(given.key).length > 0;
      const entry = origin.append(given.operation, given.key, given.base);
      if (entry && !queued && given.fate !== "queued") origin.attempt(entry, given.fate);
      break;
    }
    case "step":
      for (let steps = 0; steps < 4; steps += 1) origin.step(given.key, "fine", given.choice);
      origin.step(given.key, given.fate, given.choice);
      break;
    case "foreign":
    case "foreign delete":
      server.foreign(given.key, given.kind === "foreign" ? origin.numbers++ : undefined);
      break;
    case "arrive":
      origin.arrive();
      break;
    case "other tab":
      origin.switchTab();
      break;
    case "crash":
      origin.crash();
      break;
    case "restart":
      server.restart();
      origin.epochs.clear();
      break;
    case "without ids":
      server.ids = false;
      break;
    case "server":
      origin.use(origin.client.server === "s" ? "t" : "s");
      break;
    case "recreate":
      origin.late = [];
      server.recreate();
      origin.crash();
      break;
  }
}

/** @param {Origin} origin */
function check(origin) {
  const { journal, log, settled, appended, resolved } = origin;
  for (const entry of appended) {
    const { id, operation } = entry;
    const kept = journal.get(id);
    const end = settled.get(id);
    assert.ok(kept || end, `${id} is lost`);
    const of = log.filter((write) => write.entry === id);
    const value = /delete|purge/.test(operation) ? undefined : numberOf(entry);
    const times = value === undefined ? 0 : of.filter((write) => write.value === value).length;
    assert.ok(times <= 1, `${id} was written ${times} times`);
    if (end && !end.error && value !== undefined && !resolved.has(id) && !kept) {
      const stored = log.some((write) => write.value === value);
      assert.ok(stored, `${id} was reported as written`);
    }
    if (kept) assert.ok(!isQueued(kept), `${id} waits`);
  }
  for (const [server, name] of ["s", "t"].flatMap((of) => KEYS.map((key) => [of, key]))) {
    const order = origin.servers[/** @type {"s"} */ (server)].log.filter(
      (write) => write.key === name && write.entry,
    );
    const seqs = order.map(({ entry }) => appended.find(({ id }) => id === entry)?.seq);
    const sorted = [...seqs].sort((a, b) => a - b);
    assert.deepEqual(seqs, sorted, `the order of ${name}`);
  }
}

test("no write is lost, written twice, out of order, or over what another client wrote", () => {
  fc.assert(
    fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
      const origin = new Origin();
      for (const given of actions) run(origin, given);
      for (const name of /** @type {const} */ (["s", "t"])) {
        origin.use(name);
        origin.drain();
      }
      origin.arrive();
      check(origin);
    }),
    { numRuns: 3000 },
  );
});
