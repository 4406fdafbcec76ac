// What a subscription gets before it is live: the current entries, or the changes since a revision.

/** How much a frame holds, unless it is one change. */
const MAX_CHANGES = 500;
const MAX_BYTES = 128 * 1024;

const MAX_LIVE_KEYS = 1000;

export class Replay {
  #life;
  #patterns;
  /** The revisions that are still to be sent from `#next` on, and up to which the life has been read. */
  #pending;
  #next = 0;
  #reached;
  /** The client lacks the deletes of keys that expired after this revision. */
  #known;
  /** `isPruned` as the client last got it; undefined before. */
  announced;

  constructor(life, patterns, { after, epoch }) {
    this.#life = life;
    this.#patterns = patterns;
    /** Whether the client has to forget what it knows. */
    this.isReset = (epoch ?? life.epoch) !== life.epoch || after > life.revision;
    const start = this.isReset ? 0 : after;
    this.#pending = life.matching(patterns, start);
    this.#reached = life.revision;
    this.#known = start || life.revision;
    /** About how many changes it has. */
    this.total = this.#pending.length;
  }

  /** Whether keys have expired of which the client does not get a delete. */
  get isPruned() {
    return this.#life.expired > this.#known;
  }

  /** Whether everything up to the bucket's last revision has been given. */
  get isOver() {
    return this.#next === this.#pending.length && this.#reached === this.#life.revision;
  }

  /** The JSON of the next changes, as many as a frame has. */
  batch() {
    const texts = [];
    let bytes = 0;
    while (!this.isOver) {
      if (this.#next === this.#pending.length) {
        // What was written since it began.
        this.#pending = this.#life.matching(this.#patterns, this.#reached);
        this.#reached = this.#life.revision;
        this.#next = 0;
        continue;
      }
      const change = this.#life.at(this.#pending[this.#next]);
      if (change) {
        bytes += change.size + 1;
        const isFull = texts.length === MAX_CHANGES || bytes > MAX_BYTES;
        if (isFull && texts.length > 0) break;
        texts.push(change.text);
      }
      this.#next += 1;
    }
    return texts;
  }
}

/** The live keys in lists, as many as frames have: at least one. */
export function* liveKeys(life, patterns) {
  const keys = life.liveKeys(patterns);
  for (let at = 0; at === 0 || at < keys.length; at += MAX_LIVE_KEYS)
    yield keys.slice(at, at + MAX_LIVE_KEYS);
}

/** How many replays send at a time, and how many milliseconds a slow client may keep others waiting. */
const MAX_SENDING = 16;
const SLOW = 1000;

/** Lets replays send their batches in turn. */
export class Turns {
  #free = MAX_SENDING;
  #waiting = [];

  /** Runs a function in its turn, which ends with the promise that it returns, or before if that takes long. */
  async run(send) {
    if (this.#free > 0) this.#free -= 1;
    else await new Promise((resolve) => this.#waiting.push(resolve));
    let timer;
    const slow = new Promise((resolve) => {
      timer = setTimeout(resolve, SLOW);
    });
    try {
      const sent = send();
      await Promise.race([sent, slow]);
      return sent;
    } finally {
      clearTimeout(timer);
      const next = this.#waiting.shift();
      if (next) next();
      else this.#free += 1;
    }
  }
}
