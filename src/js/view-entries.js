// The entries of a view, and versions of them: what a snapshot shows. A version costs what changes after it, not
// what the view holds.

/** The number of later versions that reading one key of an old version may look at, before the version is copied. */
const MAX_STEPS = 64;

/** The entries as they were when the version was taken: the current ones, except for those that changed since. */
class Version {
  /** What the changed keys had, undefined for none; until the next version. */
  changed = new Map();
  /** The version after this one. */
  next;
  /** A copy of all entries, instead of `changed` and `next`. */
  copy;
  #live;

  constructor(live) {
    this.#live = live;
    this.size = live.size;
  }

  get(key) {
    let steps = 0;
    for (let version = this; version; version = version.next) {
      if (version.copy) return version.copy.get(key);
      if (version.changed.has(key)) return version.changed.get(key);
      steps += 1;
      if (steps > MAX_STEPS) return this.toMap().get(key);
    }
    return this.#live.get(key);
  }

  /** The entries by key; not to be changed, and only until the next change of the view. */
  toMap() {
    if (this.copy || (this.changed.size === 0 && !this.next)) return this.copy ?? this.#live;
    const versions = [];
    let version = this;
    for (; version && !version.copy; version = version.next) versions.push(version);
    this.own(new Map(version?.copy ?? this.#live), versions);
    return this.copy;
  }

  /** Makes a map of later entries the copy of this version: undoes the changes of `versions`, the oldest first. */
  own(map, versions = [this]) {
    for (const { changed } of versions.reverse()) {
      for (const [key, entry] of changed) {
        if (entry) map.set(key, entry);
        else map.delete(key);
      }
    }
    this.copy = map;
    this.next = undefined;
    this.changed.clear();
  }
}

/** The current entries by key. */
export class Entries {
  #map = new Map();
  /** The newest version. */
  #newest;
  /** How many entries the versions keep. */
  #kept = 0;

  get size() {
    return this.#map.size;
  }

  get(key) {
    return this.#map.get(key);
  }

  toMap() {
    return this.#map;
  }

  /** Sets the entry of a key; undefined removes it. */
  set(key, entry) {
    const changed = this.#sharing?.changed;
    if (changed && !changed.has(key)) {
      changed.set(key, this.#map.get(key));
      this.#kept += 1;
      // One copy of all entries for many changes: an old version that is still held keeps no more than that.
      if (this.#kept * 8 > this.size) this.#copy(new Map(this.#map));
    }
    if (entry) this.#map.set(key, entry);
    else this.#map.delete(key);
  }

  /** Replaces all entries. */
  replace(map) {
    this.#copy(this.#map);
    this.#map = map;
  }

  /** The current entries as a version, which stays as it is: the same one until an entry changes. */
  version() {
    const sharing = this.#sharing;
    if (sharing?.changed.size === 0) return sharing;
    const version = new Version(this.#map);
    if (sharing) sharing.next = version;
    this.#newest = version;
    return version;
  }

  /** The newest version if it has no copy of its own. */
  get #sharing() {
    return this.#newest?.copy ? undefined : this.#newest;
  }

  /** Makes a map of the current entries the copy of the newest version. */
  #copy(map) {
    this.#sharing?.own(map);
    this.#kept = 0;
  }
}
