// One life of a bucket: the changes that the store retains of it, for replays, and who follows it.

export class Life {
  /** The bucket's last revision. */
  revision = 0;
  /** The last revision when a key last expired: of such a key no delete is retained. */
  expired = 0;
  /** The last revision that was read from a file. */
  restored = 0;
  /** The retained changes by their revision, ascending. */
  #changes = new Map();
  /** The revisions of each key, ascending. */
  #revisions = new Map();
  #followers = new Set();
  #history;

  /** `epoch` names this life; `history`: how many changes of a key are retained. */
  constructor(epoch, history) {
    this.epoch = epoch;
    this.#history = history;
  }

  /** Adds an event of the store, and calls the followers. */
  add(event) {
    const { key, value, revision, operation, created_at, reason, expires_at } = event;
    const isPut = operation === "put";
    const content = isPut ? { value } : {};
    const fields = { key, ...content, revision, operation, created_at, reason, expires_at };
    const text = JSON.stringify(fields);
    const change = { key, revision, isPut, text, size: Buffer.byteLength(text) };
    this.revision = revision;
    const revisions = this.#revisions.get(key) ?? [];
    // A purge and an expiry drop every change before.
    const kept = reason === undefined ? this.#history - 1 : 0;
    const dropped = revisions.splice(0, Math.max(0, revisions.length - kept));
    for (const each of dropped) this.#changes.delete(each);
    if (reason === "expired") {
      this.expired = revision;
      this.#revisions.delete(key);
    } else {
      revisions.push(revision);
      this.#revisions.set(key, revisions);
      this.#changes.set(revision, change);
    }
    for (const follower of [...this.#followers]) follower.changed(this, change);
  }

  /** A retained change; undefined if it has been dropped. */
  at(revision) {
    return this.#changes.get(revision);
  }

  /** The revisions above `after` of matching changes, ascending; for 0, those of the current entries. */
  matching(patterns, after) {
    const wants = (revision) => revision > after && (after > 0 || this.#isCurrent(revision));
    if (patterns.keys) {
      const found = patterns.keys.flatMap((key) => this.#revisions.get(key) ?? []);
      return found.filter(wants).sort((one, other) => one - other);
    }
    const found = [];
    for (const [revision, { key }] of this.#changes)
      if (wants(revision) && patterns.matches(key)) found.push(revision);
    return found;
  }

  #isCurrent(revision) {
    const { key, isPut } = this.#changes.get(revision);
    return isPut && this.#revisions.get(key).at(-1) === revision;
  }

  /** The matching keys that have a value. */
  liveKeys(patterns) {
    return this.matching(patterns, 0).map((revision) => this.#changes.get(revision).key);
  }

  follow(follower) {
    this.#followers.add(follower);
  }

  unfollow(follower) {
    this.#followers.delete(follower);
  }

  /** The bucket is deleted. */
  end() {
    for (const follower of [...this.#followers]) follower.ended(this);
  }
}
