// The outbox of a client: carries out what `outbox-machine.js` decides. A write is journaled before it is sent. A tab
// holds a lock of the id of a write that it sends, or asks about, and another one while it replays, as one tab at a time.

import { heldLocks, withLock } from "./locks.js";
import { askApplication, newId } from "./outbox-conflicts.js";
import {
  apply,
  attempted,
  baseAsCalled,
  discarded,
  first,
  isOf,
  isUnreached,
  LOST,
  lineOf,
  next,
  ttlLeft,
} from "./outbox-machine.js";
import { Sender } from "./outbox-sender.js";
import { newDiscarded, OutboxState } from "./outbox-state.js";
import { Values } from "./outbox-values.js";

/** How many keys are replayed at a time. */
const CONCURRENCY = 6;

/** The bounds of the delay before another replay, in milliseconds. */
const MIN_DELAY = 1000;
const MAX_DELAY = 30_000;

/** How many revisions of keys are remembered. */
const MAX_SEEN = 10_000;

export class Outbox {
  state;
  values;
  #sender;
  #name;
  #given;
  /** What this tab has learned of entries since it began with them. */
  #memos = new Map();
  /** The ids of the entries that this tab sends, or asks about. */
  #busy = new Set();
  /** The ids of the entries that other tabs send, or ask about. */
  #foreign = new Set();
  /** Functions that end the questions to the application, by the id of the entry. */
  #asking = new Map();
  /** The writes that are encoded. */
  #starting = new Set();
  /** The first attempt of the last write of each line. */
  #attempts = new Map();
  /** The last known revisions of keys, 0 for missing ones. */
  #seen = new Map();
  #loaded;
  #replaying;
  #again = false;
  #timer;
  #failures = 0;
  /** Why the last attempt did not reach the server, or was refused for reasons that may pass. */
  #paused;

  constructor({ backend, name, scope }, client, given) {
    this.#given = given;
    this.#name = `ironflow:outbox:${JSON.stringify([name, scope])}`;
    const place = { backend, scope, name: this.#name };
    this.state = new OutboxState(place, given, () => this.replay());
    this.values = new Values(client);
    this.#sender = new Sender(client, () => this.#seen.clear());
    this.#loaded = this.state.load();
    this.state.open();
    this.configure(given);
  }

  configure(config) {
    const { serverUrl: server, environment } = config;
    this.state.place = { server, environment };
    this.#sender.configure(config);
    this.state.views.reset(this.state.queued());
    this.replay();
  }

  setAuth(auth) {
    this.#sender.setAuth(auth);
    this.replay();
  }

  close() {
    clearTimeout(this.#timer);
    this.#paused = undefined;
    this.state.close();
  }

  /** Learns once which bucket is read: what is written offline later is for this one. After an error, with the next read. */
  meet(bucket) {
    const { epochs } = this.#sender;
    if (epochs.has(bucket)) return;
    epochs.set(bucket);
    const forget = ({ error }) => error && error.status !== 404 && epochs.delete(bucket);
    this.#sender.learn(bucket).then(forget);
  }

  /** Notes the revision of a key that was read, 0 if it is missing. */
  saw(subject, revision) {
    if (this.#seen.size >= MAX_SEEN) this.#seen.clear();
    this.#seen.set(lineOf({ ...this.state.place, ...subject }), revision);
  }

  /**
   * Sends a write as the application called it, or queues it. `call` has `bucket`, `key`, `operation`, `mode`, `ttl`, `revision`,
   * `signal` and `timeout`; `encode` gives the bytes, or rejects; `direct` writes without the outbox.
   */
  async write(call, encode, direct) {
    const started = this.#start(call, encode, direct);
    this.#starting.add(started);
    try {
      return (await started)();
    } finally {
      this.#starting.delete(started);
    }
  }

  /** Gives a function that gives the result. */
  async #start(call, encode, direct) {
    const { state } = this;
    let bytes;
    try {
      bytes = await encode();
    } catch {
      // It rejects before it is sent.
      return direct;
    }
    if (!(await this.#loaded)) return direct;
    state.open();
    const { signal, timeout, revision, ...fields } = call;
    if (state.entries.isFull(bytes.length)) {
      const error = state.error(call, { code: "OUTBOX_FULL", message: "the outbox is full" });
      return () => Promise.reject(error);
    }
    const id = newId();
    const at = Date.now();
    const name = lineOf({ ...state.place, ...call });
    const line = state.entries.line(name);
    const behind = line.at(-1);
    const entry = {
      id,
      writeId: id,
      ...state.place,
      ...fields,
      bytes,
      base: revision ?? this.#base(call),
      ...(behind && { after: behind.id }),
      fixed: revision !== undefined && !state.isOnTop(line, revision, this.#busy),
      epoch: state.views.knows(call)?.kept?.epoch ?? this.#sender.epochs.get(call.bucket),
      sent: false,
      seq: Math.max(at, state.entries.last + 1),
      at,
    };
    this.#busy.add(id);
    const promise = state.add(entry);
    signal?.addEventListener("abort", () => this.discard(id, signal), { once: true });
    const before = this.#attempts.get(name);
    const attempt = withLock(this.#lockOf(id), () =>
      this.#begin(entry, before, { signal, timeout }, direct),
    ).catch((error) => state.settle(entry, { error }));
    this.#attempts.set(name, attempt);
    attempt.then(() => {
      if (this.#attempts.get(name) === attempt) this.#attempts.delete(name);
      this.#busy.delete(id);
      if (!this.#isAway()) this.replay();
    });
    return () => promise;
  }

  /** The first attempt of a write, after those of its key `before` it. */
  async #begin(entry, before, options, direct) {
    const { state } = this;
    if (!(await state.write(entry, direct))) return;
    await before;
    if (this.#isAway() || globalThis.navigator?.onLine === false) return;
    // Another tab may have queued writes of the key.
    if (!(await state.read())) return this.#pause({});
    const [current] = state.entries.line(lineOf(entry));
    const freed = current?.id === entry.id && this.#freed(current);
    // An update of a write that was not written has nothing to replace.
    if (freed && (freed.operation !== "update" || freed.base !== LOST))
      await this.#attempt(freed, options);
  }

  /** Whether the client, which may have been configured or disconnected meanwhile, may send an entry. */
  #maySend(entry) {
    return this.state.isOpen && isOf(entry, this.state.place);
  }

  async #attempt(entry, options) {
    if (!this.#maySend(entry)) return;
    let sent = entry;
    let result = await this.#sender.learnAll(entry.bucket);
    if (!this.#maySend(entry)) return;
    if (!isUnreached(result.error ?? {})) {
      const world = this.#world(entry);
      sent = { ...first(entry, this.#sender.sendsIds), epoch: entry.epoch ?? world.epoch };
      if (!(await this.state.change({ put: [sent] })) || !this.#maySend(entry)) return;
      result = await this.#sender.send(sent, baseAsCalled(sent), options);
    }
    const followers = this.state.entries.followers(sent);
    await this.#commit(sent, attempted(sent, result, followers, this.#world(sent)), result);
  }

  /** Sends what waits, now; resolves when nothing is left that can be sent. */
  async flush() {
    await Promise.allSettled(this.#starting);
    await Promise.all(this.#attempts.values());
    await this.replay();
  }

  /** Replays what waits, unless that is in progress. */
  replay() {
    this.#again = true;
    this.#replaying ??= this.#replayAll();
    return this.#replaying;
  }

  async #replayAll() {
    const { state } = this;
    await this.#loaded;
    try {
      while (this.#again && state.isOpen) {
        this.#again = false;
        clearTimeout(this.#timer);
        this.#paused = undefined;
        if (state.queued().some(({ id }) => !this.#busy.has(id))) await this.#drain();
      }
    } catch (error) {
      state.warn(error);
      this.#pause({});
    }
    // In the same turn as the last look at `#again`.
    this.#replaying = undefined;
  }

  /** Replays what waits once, while no other tab does. */
  #drain() {
    const { state } = this;
    this.#sender.known.clear();
    return withLock(`${this.#name}:replay`, async () => {
      if (!(await state.read())) return this.#pause({});
      const held = await heldLocks();
      const ids = new Set(state.queued().map(({ id }) => id));
      const isFree = ({ id }) => {
        if (!ids.has(id) || this.#busy.has(id)) return false;
        if (!held.has(this.#lockOf(id))) return true;
        this.#replayAfter(id);
        return false;
      };
      const lines = [...new Set(state.queued().map(lineOf))];
      const work = async () => {
        for (let line = lines.shift(); line; line = lines.shift()) {
          await this.#replayLine(line, isFree);
        }
      };
      await Promise.all(Array.from({ length: CONCURRENCY }, work));
    });
  }

  /** Replays when the tab that sends an entry, or asks about it, is done with it, or has ended. */
  #replayAfter(id) {
    if (this.#foreign.has(id)) return;
    this.#foreign.add(id);
    withLock(this.#lockOf(id), () => this.#foreign.delete(id)).then(() => this.replay());
  }

  async #replayLine(line, isFree) {
    const { entries } = this.state;
    while (!this.#paused && this.state.isOpen) {
      const [head] = entries.line(line);
      if (!head || !isFree(head)) return;
      const entry = this.#freed(head);
      const memo = this.#memos.get(entry.id) ?? {};
      const world = this.#world(entry);
      const step = next(entry, world, memo);
      if (!step) return;
      if (step.kind === "ask") return this.#ask(entry, memo, step);
      const result = await this.#carryOut(entry, step, world);
      const followers = entries.followers(entry);
      const outcome = apply(entry, memo, step, result, followers, this.#world(entry));
      if (!(await this.#commit(entry, outcome, result))) return;
    }
  }

  /** The first entry of a line: what was before it may have ended while it was added. */
  #freed({ after, ...entry }) {
    if (after === undefined || entry.fixed) return entry;
    return { ...entry, base: this.#base(entry) ?? entry.base };
  }

  #carryOut(entry, { kind, base, strict }, { now }) {
    if (kind === "info") return this.#sender.learn(entry.bucket);
    if (kind === "read") return this.#sender.read(entry);
    if (kind !== "send") return undefined;
    const operation = strict ? "update" : entry.operation;
    return this.#sender.send({ ...entry, operation, ttl: ttlLeft(entry, now) }, base);
  }

  /** Asks the application about a conflict, while other keys are replayed. */
  #ask(entry, memo, step) {
    const { entries } = this.state;
    const { id, writeId } = entry;
    this.#busy.add(id);
    withLock(this.#lockOf(id), async () => {
      const ended = new Promise((resolve) => this.#asking.set(id, () => resolve(false)));
      const asked = askApplication(this.#given.onConflict, this.values, entry, step);
      const result = await Promise.race([asked, ended]);
      this.#asking.delete(id);
      if (result === false || entries.get(id)?.writeId !== writeId) return;
      const followers = entries.followers(entry);
      const world = this.#world(entry);
      await this.#commit(entry, apply(entry, memo, step, result, followers, world));
    })
      .catch((error) => this.state.warn(error))
      .finally(() => {
        this.#busy.delete(id);
        this.replay();
      });
  }

  /** Removes an entry; with a signal only if it was not sent. */
  async discard(id, signal) {
    const { state } = this;
    if (!(signal && state.entries.get(id)?.sent)) this.#asking.get(id)?.();
    // The tab that sends it, or asks about it, ends first; replays do not wait for that.
    await withLock(this.#lockOf(id), () =>
      withLock(`${this.#name}:replay`, async () => {
        await state.read();
        const entry = state.entries.get(id);
        if (!entry || (signal && entry.sent)) return;
        const error = signal ? signal.reason : newDiscarded();
        const followers = state.entries.followers(entry);
        await this.#commit(entry, discarded(entry, followers, error));
      }),
    );
    this.replay();
  }

  #isAway() {
    return this.#paused !== undefined && isUnreached(this.#paused);
  }

  #world({ bucket }) {
    const { features } = this.#sender;
    return {
      ...this.state.place,
      epoch: this.#sender.epoch(bucket),
      ids: features.has("write-id"),
      // Before the first answer nothing is known: where it is missing, the replay puts the delete aside.
      canRemove: features.has("remove") || features.size === 0,
      now: Date.now(),
    };
  }

  #lockOf(id) {
    return `${this.#name}:${id}`;
  }

  /** The revision that this client last saw of a key. */
  #base(subject) {
    const seen = this.#seen.get(lineOf({ ...this.state.place, ...subject }));
    const shown = this.state.views.knows(subject)?.revision(subject.key);
    return seen && shown ? Math.max(seen, shown) : (shown ?? seen);
  }

  /** Carries out what the machine decided; false if it could not be journaled. */
  async #commit(entry, { put, remove, memo, settle, pause }, result) {
    const { state } = this;
    this.#memos.set(entry.id, memo);
    if (pause) this.#pause(pause);
    // Before it leaves the entries: views show it as written.
    if (settle) state.views.end(entry, settle.error ? 0 : settle.revision || undefined);
    if (put.length + remove.length > 0) {
      if (!(await state.change({ put, remove }))) {
        this.#pause({});
        return false;
      }
    }
    if (settle) {
      this.#memos.delete(entry.id);
      this.#failures = 0;
      if (!settle.error) this.saw(entry, settle.revision ?? 0);
      state.settle(entry, settle, result);
    }
    return true;
  }

  #pause(error) {
    this.#paused = error;
    clearTimeout(this.#timer);
    const bound = Math.min(MAX_DELAY, MIN_DELAY * 2 ** this.#failures);
    const delay = Math.max(bound * (0.5 + Math.random() / 2), (error.retryAfter ?? 0) * 1000);
    this.#failures += 1;
    if (this.state.isOpen) this.#timer = setTimeout(() => this.replay(), delay);
  }
}
