/**
 * Which requests and watches a gateway refuses at the moment.
 *
 * @typedef {{ status: number, retryAfter: number | undefined }} Refusal
 */

/** So long a token is accepted at least, in milliseconds: a client that has just been given one can use it. */
const MIN_TOKEN_LIFE = 5_000;

/** A pattern that is never allowed. */
export const FORBIDDEN_PATTERN = "secret.*";

export class Rules {
  #tokens = 1;
  #issuedAt = performance.now();
  /** Whether a token may expire: a watch that has not caught up since is not given another one in vain. */
  #mayExpire = true;
  /** Whether a client was given the latest token. */
  #isIssued = false;
  #expired = () => {};
  /** What ends a fault. @type {Set<NodeJS.Timeout>} */
  #timers = new Set();
  /** @type {Set<() => void>} */
  #hanging = new Set();
  /** @type {Map<Refusal, () => void>} */
  #limits = new Map();
  /** @type {Map<string, { refusal: Refusal, hit: () => void }>} */
  #refused = new Map();

  /** The token that is accepted. */
  get token() {
    if (!this.#isIssued) this.#issuedAt = performance.now();
    this.#isIssued = true;
    return `token-${this.#tokens}`;
  }

  /** Whether handshakes get no answer. */
  hangs() {
    for (const hit of this.#hanging) hit();
    return this.#hanging.size > 0;
  }

  /**
   * Why a request is refused, if it is.
   *
   * @param {string[]} patterns that it asks for
   * @param {string} [token]
   * @returns {Refusal | undefined}
   */
  refusal(patterns, token) {
    if (token !== undefined && token !== `token-${this.#tokens}`) {
      this.#expired();
      return { status: 401, retryAfter: undefined };
    }
    for (const [limit, hit] of this.#limits) {
      hit();
      return limit;
    }
    for (const pattern of patterns) {
      if (pattern === FORBIDDEN_PATTERN) return { status: 403, retryAfter: undefined };
      const found = this.#refused.get(pattern);
      found?.hit();
      if (found) return found.refusal;
    }
    return undefined;
  }

  /** @param {number} hold @param {() => void} hit */
  hang(hold, hit) {
    this.#hanging.add(hit);
    this.#later(hold, () => this.#hanging.delete(hit));
  }

  /** @param {Refusal} refusal @param {number} hold @param {() => void} hit */
  limit(refusal, hold, hit) {
    this.#limits.set(refusal, hit);
    this.#later(hold, () => this.#limits.delete(refusal));
  }

  /** @param {string} pattern @param {Refusal} refusal @param {number} hold @param {() => void} hit */
  refuse(pattern, refusal, hold, hit) {
    this.#refused.set(pattern, { refusal, hit });
    this.#later(hold, () => this.#refused.delete(pattern));
  }

  /** Ends the token, unless it is too young or one has just ended. Returns whether it did. @param {() => void} hit */
  expire(hit) {
    const isYoung = !this.#isIssued || performance.now() - this.#issuedAt < MIN_TOKEN_LIFE;
    if (isYoung || !this.#mayExpire) return false;
    this.#mayExpire = false;
    this.#tokens += 1;
    this.#isIssued = false;
    this.#expired = hit;
    return true;
  }

  /** Ends what is refused for a while. A token may expire again. */
  heal() {
    this.#mayExpire = true;
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#hanging.clear();
    this.#limits.clear();
    this.#refused.clear();
  }

  /** @param {number} delay in milliseconds @param {() => void} act */
  #later(delay, act) {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      act();
    }, delay);
    this.#timers.add(timer);
  }
}
