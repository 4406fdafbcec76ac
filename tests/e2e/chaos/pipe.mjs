/** @typedef {import("node:net").Socket} Socket */

/** How often a slow pipe lets some bytes through, in milliseconds. */
const DRIP_INTERVAL = 5;

/** More than this waiting to be written holds the reader back, as a full window would. */
const WINDOW_BYTES = 64 * 1024;

/** One direction of a connection: forwards data from one socket to the other, unless a fault is active. */
export class Pipe {
  #from;
  #to;
  /** @type {"flow" | "hold" | "drop" | "drip"} */
  #mode = "flow";
  /** @type {Buffer[]} */
  #waiting = [];
  #hasEnded = false;
  #dripBytes = 0;
  /** @type {NodeJS.Timeout | undefined} */
  #dripping;
  /** How many bytes still pass before the connection is torn. */
  #bytesLeft = Number.POSITIVE_INFINITY;
  #tear = () => {};

  /** @param {Socket} from @param {Socket} to */
  constructor(from, to) {
    this.#from = from;
    this.#to = to;
    from.on("data", (chunk) => {
      if (this.#mode === "drop") return;
      this.#waiting.push(chunk);
      this.#pass();
    });
    from.on("end", () => {
      this.#hasEnded = true;
      this.#pass();
    });
    to.on("drain", () => this.#pass());
  }

  /** Whether bytes arrive, however slowly. */
  get passes() {
    return this.#mode === "flow" || this.#mode === "drip";
  }

  /** Everything passes, what was held back first. */
  flow() {
    this.#set("flow");
  }

  /** Nothing passes, and nothing is lost. */
  hold() {
    this.#set("hold");
  }

  /** Everything is taken in and nothing passes, ever again. */
  drop() {
    this.#waiting = [];
    this.#set("drop");
  }

  /** A few bytes pass at a time. @param {number} bytes */
  drip(bytes) {
    this.#dripBytes = bytes;
    this.#set("drip");
    this.#dripping = setInterval(() => this.#pass(this.#dripBytes), DRIP_INTERVAL);
  }

  /** Has `tear` called once so many more bytes have passed. @param {number} bytes @param {() => void} tear */
  tearAfter(bytes, tear) {
    this.#bytesLeft = bytes;
    this.#tear = tear;
  }

  /** Undoes `tearAfter()`. */
  keepWhole() {
    this.#bytesLeft = Number.POSITIVE_INFINITY;
  }

  /** Leaves no timer behind. */
  close() {
    clearInterval(this.#dripping);
    this.#mode = "drop";
    this.#waiting = [];
  }

  /** @param {"flow" | "hold" | "drop" | "drip"} mode */
  #set(mode) {
    clearInterval(this.#dripping);
    this.#mode = mode;
    this.#pass();
  }

  /** Writes what may pass now. @param {number} [allowance] in bytes, of a slow pipe */
  #pass(allowance = 0) {
    let budget = this.#mode === "flow" ? Number.POSITIVE_INFINITY : allowance;
    while (budget > 0 && this.#waiting.length > 0 && this.#to.writableLength < WINDOW_BYTES) {
      const [chunk] = this.#waiting.splice(0, 1);
      if (!chunk) break;
      const size = Math.min(chunk.length, budget, this.#bytesLeft);
      if (size < chunk.length) this.#waiting.unshift(chunk.subarray(size));
      budget -= size;
      this.#bytesLeft -= size;
      if (size > 0 && this.#to.writable) this.#to.write(chunk.subarray(0, size));
      if (this.#bytesLeft === 0) {
        this.hold();
        this.#tear();
        return;
      }
    }
    const isEmpty = this.#waiting.length === 0;
    if (isEmpty && this.#hasEnded && this.passes) this.#to.end();
    if (isEmpty || this.#mode === "drop") this.#from.resume();
    else this.#from.pause();
  }
}
