// The entries of a view, and versions of them: what a snapshot shows. A version costs what changes after it, not
// what the view holds.

/** The entries as they were: those of a map, except for what has changed in it since. */
class Version {
  /** What the changed keys had, undefined for none; until the next version. */
  changed = new Map();
  /** The next version of the same map. */
  next;
  #map;

  constructor(map) {
    this.#map = map;
    this.size = map.size;
  }

  get(key) {
    for (let version = this; version; version = version.next) {
      if (version.changed.has(key)) return version.changed.get(key);
    }
    return this.#map.get(key);
  }

  /** The entries by key: not to be changed, and valid until the view changes. */
  toMap() {
    if (this.changed.size === 0) return this.#map;
    const versions = [];
    for (let version = this; version; version = version.next) versions.push(version);
    const map = new Map(this.#map);
    for (const { changed } of versions.reverse()) {
      for (const [key, entry] of changed) put(map, key, entry);
    }
    return map;
  }
}

function put(map, key, entry) {
  if (entry) map.set(key, entry);
  else map.delete(key);
}

/** The current entries by key. */
export class Entries {
  #map = new Map();
  /** The newest version of the map. */
  #newest;
  /** How many entries its versions keep. */
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
    const changed = this.#newest?.changed;
    if (changed && !changed.has(key)) {
      changed.set(key, this.get(key));
      this.#kept += 1;
      // One copy for many changes: a version that is held keeps no more than the old map and these.
      if (this.#kept * 8 > this.size) this.replace(new Map(this.#map));
    }
    put(this.#map, key, entry);
  }

  /** Replaces all entries by those of a map that nothing else changes. */
  replace(map) {
    this.#map = map;
    this.#newest = undefined;
    this.#kept = 0;
  }

  /** The current entries as a version, which stays as it is: the same one until an entry changes. */
  version() {
    if (this.#newest?.changed.size === 0) return this.#newest;
    const version = new Version(this.#map);
    if (this.#newest) this.#newest.next = version;
    this.#newest = version;
    return version;
  }
}

/** The content of a view, or of a watch for it: nothing yet. */
export const newContent = () => ({ mutations: new Entries(), unreadable: new Map() });
