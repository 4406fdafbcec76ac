// A connection of version 2 of the watch: one socket for all buckets and patterns of a client.

import { Refusal, refusalOf } from "./errors.js";
import { patternsOf } from "./patterns.js";
import { liveKeys, Replay } from "./replay.js";

const MAX_SUBSCRIPTIONS = 1000;
const MAX_PATTERN_BYTES = 1024 * 1024;

/** If more bytes than this wait for a client, it goes back to a replay. */
const MAX_WAITING_BYTES = 4 * 1024 * 1024;

/** After so many milliseconds without a frame a tick is sent. */
const MAX_SILENCE = 15_000;

const isNatural = (value) => Number.isInteger(value) && value >= 0;

/** Reads a frame of the client; throws an error that says what is wrong with it. */
function read(data, isBinary) {
  if (isBinary) throw new Error("a frame is binary, not text");
  let frame;
  try {
    frame = JSON.parse(data);
  } catch {
    throw new Error("a frame is not JSON");
  }
  const { type, id } = frame ?? {};
  if (typeof type !== "string") throw new Error('a frame has no "type"');
  const needsId = type === "subscribe" || type === "unsubscribe";
  if (needsId && !(Number.isSafeInteger(id) && id >= 0))
    throw new Error('a frame has no "id", which is an integer from 0');
  return frame;
}

export class Session {
  #socket;
  #store;
  #turns;
  #subscriptions = new Map();
  #patternBytes = 0;
  /** The subscriptions of each life of a bucket. */
  #byLife = new Map();
  /** The subscriptions that wait for their replay, and whether one is under way. */
  #waiting = new Set();
  #isReplaying = false;
  #silence;

  constructor(socket, store, turns) {
    this.#socket = socket;
    this.#store = store;
    this.#turns = turns;
    this.#silence = setTimeout(() => this.#tick(), MAX_SILENCE);
    socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
    socket.on("close", () => this.#close());
  }

  #close() {
    clearTimeout(this.#silence);
    for (const id of [...this.#subscriptions.keys()]) this.#remove(id);
  }

  #send(frame) {
    this.#sendText(JSON.stringify(frame));
  }

  /** Sends a frame; calls `sent` when the client takes it, or is gone. */
  #sendText(text, sent) {
    this.#silence.refresh();
    this.#socket.send(text, sent);
  }

  #receive(data, isBinary) {
    let frame;
    try {
      frame = read(data, isBinary);
    } catch ({ message }) {
      return this.#send({ type: "error", message });
    }
    if (frame.type === "ping") this.#tick();
    else if (frame.type === "unsubscribe") this.#remove(frame.id);
    else if (frame.type === "subscribe") {
      try {
        this.#subscribe(frame);
      } catch (error) {
        this.#refuse(frame.id, refusalOf(error));
      }
    }
  }

  #refuse(id, { status, body }) {
    this.#send({ type: "refused", id, status, ...body, retryable: false });
  }

  #subscribe({ id, name, keys, after, epoch }) {
    const invalid = (problem) => new Refusal(400, `invalid subscription: ${problem}`);
    if (!isNatural(after ?? 0)) throw invalid('"after" is not a revision');
    if (typeof (epoch ?? "") !== "string") throw invalid('"epoch" is not a string');
    if (typeof name !== "string") throw invalid('"name" is not a string');
    // It checks the name.
    this.#store.kv.bucket(name);
    const patterns = patternsOf(keys ?? undefined);
    if (this.#subscriptions.has(id)) throw new Refusal(409, "the subscription id is in use");
    if (this.#subscriptions.size === MAX_SUBSCRIPTIONS)
      throw new Refusal(413, "a connection has at most 1000 subscriptions");
    if (this.#patternBytes + patterns.bytes > MAX_PATTERN_BYTES)
      throw new Refusal(413, "the patterns of a connection take at most 1 MiB");
    const life = this.#store.lives.get(name);
    if (!life) throw new Refusal(404, "bucket not found", "bucket_not_found");

    const subscription = { id, name, life, patterns, isLive: false };
    this.#subscriptions.set(id, subscription);
    this.#patternBytes += patterns.bytes;
    const others = this.#byLife.get(life) ?? new Set();
    this.#byLife.set(life, others.add(subscription));
    life.follow(this);
    if (typeof after === "number") this.#startReplay(subscription, { after, epoch });
    else this.#synced(subscription);
  }

  #remove(id) {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) return;
    const { life, patterns } = subscription;
    this.#subscriptions.delete(id);
    this.#patternBytes -= patterns.bytes;
    this.#waiting.delete(subscription);
    const others = this.#byLife.get(life);
    others.delete(subscription);
    if (others.size > 0) return;
    this.#byLife.delete(life);
    life.unfollow(this);
  }

  /** A key of a bucket has changed. */
  changed(life, { key, revision, text }) {
    const live = [...this.#byLife.get(life)].filter(({ isLive }) => isLive);
    const [first] = live;
    if (!live.some(({ patterns }) => patterns.matches(key))) return;
    if (this.#socket.bufferedAmount < MAX_WAITING_BYTES) {
      const head = JSON.stringify({ type: "kv_update", name: first.name });
      return this.#sendText(`${head.slice(0, -1)},${text.slice(1)}`);
    }
    for (const subscription of live) {
      const { id } = subscription;
      subscription.isLive = false;
      const frame = JSON.stringify({ type: "replay", id, total: 1, reset: false, pruned: false });
      const taken = new Promise((resolve) => this.#sendText(frame, resolve));
      this.#startReplay(subscription, { after: revision - 1, epoch: life.epoch, taken });
    }
  }

  /** A bucket is deleted. */
  ended(life) {
    for (const { id } of [...this.#byLife.get(life)]) {
      this.#remove(id);
      this.#refuse(id, new Refusal(404, "bucket not found", "bucket_not_found"));
    }
  }

  /** `start.taken`: resolves when the client has taken what was sent before. */
  #startReplay(subscription, start) {
    subscription.start = start;
    this.#waiting.add(subscription);
    if (!this.#isReplaying) this.#replayWaiting();
  }

  /** Carries out the replays, one after the other. */
  async #replayWaiting() {
    this.#isReplaying = true;
    for (const subscription of this.#waiting) {
      this.#waiting.delete(subscription);
      await this.#replay(subscription);
    }
    this.#isReplaying = false;
  }

  async #replay(subscription) {
    const { id, life, patterns, start } = subscription;
    const isWanted = () => this.#subscriptions.get(id) === subscription && !subscription.isLive;
    let replay;
    if (start.taken) await start.taken;
    while (isWanted()) {
      await this.#turns.run(async () => {
        if (!isWanted()) return;
        replay ??= new Replay(life, patterns, start);
        await this.#sendBatch(subscription, replay);
      });
    }
  }

  /** Sends the next changes of a replay, and its end after the last. Resolves when the client takes the changes. */
  async #sendBatch(subscription, replay) {
    const { id, life, patterns } = subscription;
    const { total, isReset, isPruned } = replay;
    const texts = replay.batch();
    let sent;
    if (texts.length > 0) {
      if (replay.announced !== isPruned) {
        const { epoch } = life;
        this.#send({ type: "replay", id, total, epoch, reset: isReset, pruned: isPruned });
        replay.announced = isPruned;
      }
      const text = `{"type":"changes","id":${id},"events":[${texts.join(",")}]}`;
      sent = new Promise((resolve) => this.#sendText(text, resolve));
    }
    if (replay.isOver) {
      if (isPruned)
        for (const keys of liveKeys(life, patterns)) this.#send({ type: "live", id, keys });
      this.#synced(subscription, isReset, isPruned);
    }
    await sent;
  }

  /** Everything up to the bucket's last revision is sent. */
  #synced(subscription, reset = false, pruned = false) {
    const { id, life } = subscription;
    subscription.isLive = true;
    const { revision, epoch } = life;
    this.#send({ type: "synced", id, revision, epoch, reset, pruned });
  }

  /** Sends a sign of life, and up to which revisions everything is sent. */
  #tick() {
    const revisions = {};
    for (const [life, subscriptions] of this.#byLife) {
      const [{ name }] = subscriptions;
      if ([...subscriptions].every(({ isLive }) => isLive)) revisions[name] = life.revision;
    }
    this.#send({ type: "tick", revisions });
  }
}
