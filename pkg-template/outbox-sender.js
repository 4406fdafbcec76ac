// Sends the writes of the outbox: what is replayed with a client of its own, whose errors are not the application's.

import { removes } from "./outbox-machine.js";

/** The options of its client that are not those of the application's. */
const OWN = { retry: false, fallback: null, onError: null, outbox: null, onConflict: null };

export class Sender {
  #owner;
  #renewed;
  #client;
  /** The last known epoch of each bucket, "" where the server has none. */
  epochs = new Map();
  /** The buckets whose epochs are known for sure. */
  known = new Set();

  /** `renewed` is called when a bucket was recreated. */
  constructor(owner, renewed) {
    this.#owner = owner;
    this.#renewed = renewed;
  }

  configure(config) {
    this.known.clear();
    this.epochs.clear();
    // The store in memory is the client's own.
    this.#client = this.#owner;
    if (config.transport === "memory") return;
    this.#client = new this.#owner.constructor();
    this.#client.configure({ ...config, ...OWN });
  }

  setAuth(auth) {
    if (this.#client !== this.#owner) this.#client.setAuth(auth);
  }

  /** Whether the application's client sends the ids of writes: it knows that the server takes them. */
  get sendsIds() {
    return this.#owner.features.has("write-id");
  }

  /** The features that the server has announced. */
  get features() {
    return new Set([...this.#owner.features, ...this.#client.features]);
  }

  /** The epoch of a bucket, if it is known for sure. */
  epoch(bucket) {
    return this.known.has(bucket) ? this.epochs.get(bucket) : undefined;
  }

  /** Learns the epoch of a bucket, and the features of the server. */
  async learn(bucket) {
    if (this.known.has(bucket)) return {};
    const client = this.#client;
    return this.#result(async () => {
      const info = await this.#kv().getBucketInfo(bucket);
      // It was of another server.
      if (client !== this.#client) return {};
      const epoch = info.epoch ?? "";
      if ((this.epochs.get(bucket) ?? epoch) !== epoch) this.#renewed();
      this.epochs.set(bucket, epoch);
      this.known.add(bucket);
      return {};
    });
  }

  /** As `learn`, also for the application's client, which sends no ids before it knows that the server takes them. */
  async learnAll(bucket) {
    const learned = await this.learn(bucket);
    if (learned.error || this.#owner.features.size > 0 || this.#client.features.size === 0)
      return learned;
    return this.#result(() => this.#kv(this.#owner).getBucketInfo(bucket));
  }

  /** The stored entry of a key, false if it is missing. */
  read({ bucket, key }) {
    return this.#result(async () => {
      const [handle, methods] = this.#handle(bucket);
      const entry = await methods.find.call(handle, key);
      if (!entry) return { theirs: false };
      const { revision, created_at } = entry;
      return { theirs: { revision, created_at, bytes: entry.bytes() } };
    });
  }

  /**
   * Sends a write; with a `base` only if it is still the last revision of the key, 0: if the key is missing. `first`: the
   * options of a first attempt, which the application's client retries, and whose error it reports.
   */
  send(entry, base, first) {
    const { signal, timeout } = first ?? {};
    const { bucket, key, operation, bytes, writeId, ttl } = entry;
    const controller = new AbortController();
    // The transport takes the id from here.
    controller.signal.writeId = writeId;
    const abort = () => controller.abort(signal.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener("abort", abort);
    const options = { signal: controller.signal };
    if (timeout !== undefined) options.timeout = timeout;
    return this.#result(async () => {
      const [handle, methods] = this.#handle(bucket, first && this.#owner);
      const call = (method, ...given) => methods[method].call(handle, key, ...given, options);
      try {
        if (removes(entry)) {
          if (base !== undefined) options.revision = base;
          await call(operation);
          return {};
        }
        if (ttl) options.ttl = ttl;
        if (operation === "update" || base > 0) return await call("update", bytes, base);
        return await call(base === 0 ? "create" : "put", bytes);
      } finally {
        signal?.removeEventListener("abort", abort);
      }
    });
  }

  #kv(client = this.#client) {
    return Object.getPrototypeOf(client).kv.call(client);
  }

  /** A handle, and its methods without the outbox. */
  #handle(bucket, client) {
    const kv = this.#kv(client);
    const handle = Object.getPrototypeOf(kv).bucket.call(kv, bucket);
    return [handle, Object.getPrototypeOf(handle)];
  }

  async #result(call) {
    try {
      return await call();
    } catch (error) {
      return { error };
    }
  }
}
