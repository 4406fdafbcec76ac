import { keys } from "./keys.mjs";

/**
 * @typedef {import("./random.mjs").Random} Random
 * @typedef {import("./checker.mjs").Checker} Checker
 */

const WRITERS = 3;

/** Between two writes of a writer, in milliseconds. */
const PAUSE = 10;

/** How many keys are written at a time, and how many writes it takes to move on by one key. */
const WINDOW = 20;
const WRITES_PER_KEY = 4;

/** Puts, creates, deletes and purges, in this proportion. */
const OPERATIONS = /** @type {const} */ ([
  ...Array(5).fill("put"),
  ...Array(2).fill("create"),
  ...Array(2).fill("delete"),
  "purge",
]);

/**
 * Writes to a bucket, directly to the server. Of all keys it writes to a few at a time and moves on, so that the
 * last write to a key may be long past when the watchers are compared with the bucket.
 */
export class Writers {
  /** How far the bucket is at most. */
  revision = 0;
  /** How many writes were answered, whatever with. */
  answered = 0;
  #url;
  #random;
  #checker;
  #order;
  #issued = 0;
  #isStopped = true;
  /** @type {Promise<unknown>} */
  #running = Promise.resolve();

  /**
   * @param {() => string} url of the bucket, at any time
   * @param {Random} random
   * @param {Checker} checker receives the known writes
   */
  constructor(url, random, checker) {
    this.#url = url;
    this.#random = random;
    this.#checker = checker;
    this.#order = keys
      .map((key) => ({ key, at: random.fraction() }))
      .sort((one, other) => one.at - other.at)
      .map(({ key }) => key);
  }

  /** Begins, after a first write that says how far the bucket is. */
  async start() {
    this.revision = 0;
    await this.#write(this.#order[0] ?? "", "put");
    this.#isStopped = false;
    this.#running = Promise.all(Array.from({ length: WRITERS }, () => this.#go()));
  }

  /** Stops once every write is answered. */
  async stop() {
    this.#isStopped = true;
    await this.#running;
  }

  async #go() {
    while (!this.#isStopped) {
      const first = Math.floor(this.#issued / WRITES_PER_KEY);
      const key = this.#order[(first + this.#random.between(1, WINDOW)) % this.#order.length] ?? "";
      await this.#write(key, this.#random.pick(OPERATIONS)).catch((error) => {
        // The server is restarting: the result of the write is unknown.
        this.#checker.trace.add("writer", `${key}: ${error.cause?.code ?? error}`, { key });
      });
      await new Promise((resolve) => setTimeout(resolve, PAUSE));
    }
  }

  /** @param {string} key @param {(typeof OPERATIONS)[number]} operation */
  async #write(key, operation) {
    this.#issued += 1;
    this.revision += 1;
    const value = `value ${this.#issued}`;
    const isRemoval = operation === "delete" || operation === "purge";
    const response = await fetch(
      `${this.#url()}/keys/${encodeURIComponent(key)}${operation === "purge" ? "?purge=true" : ""}`,
      {
        method: isRemoval ? "DELETE" : "PUT",
        ...(isRemoval ? {} : { body: value }),
        headers: operation === "create" ? { "If-None-Match": "*" } : {},
        signal: AbortSignal.timeout(10_000),
      },
    );
    const answer = await response.text();
    this.answered += 1;
    if (!isRemoval && response.ok) {
      const { revision } = JSON.parse(answer);
      this.revision = Math.max(this.revision, revision);
      this.#checker.written.set(revision, `${key} ${value}`);
    }
    this.#checker.trace.add("writer", `${operation} of ${key}: ${response.status} ${answer}`, {
      key,
    });
  }
}
