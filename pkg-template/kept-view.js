// What a storage keeps of one view: decides what is shown and what is written. The backend does the input and output.

/** How long changes are collected before they are written together, in milliseconds. */
const DELAY = 100;

/** How long the watch of a view waits for what is stored, in milliseconds. */
const MAX_READ_TIME = 1000;

/** The version of the stored form. */
const VERSION = 1;

/** Identifies a write, also if the bucket was created again: its revisions begin at 1 then. */
const stampOf = ({ revision, created_at }) => `${revision} ${created_at}`;

const isRecord = (record) =>
  typeof record?.key === "string" &&
  Number.isSafeInteger(record.revision) &&
  record.revision > 0 &&
  ArrayBuffer.isView(record.bytes);

/** Whether it is in the form that this version of the package writes. */
function isReadable(found) {
  const { meta, records } = found ?? {};
  if (meta?.version !== VERSION || !Number.isFinite(meta.freshAsOf)) return false;
  return Array.isArray(records) && records.every(isRecord);
}

export class KeptView {
  #storage;
  #warn;
  /** The stamps of the stored entries, by key; undefined while this view may not write. */
  #stored;
  /** The entries to write, by key; undefined for those to remove. */
  #changes = new Map();
  /** All entries of the view, while it may not write. */
  #entries;
  /** Whether all entries have arrived, so that what is written is complete. */
  #complete = false;
  /** Whether the view has been written before. */
  #written = false;
  #timer;
  /** Settles after the write in progress. */
  #writing;
  #release;
  #over = false;
  /** Up to where the view has everything: the bucket's `epoch` and a `revision`; undefined if that is not known. */
  #position;
  /** Whether each change moves the position on. */
  #live = false;
  /** The lines that a watch begins with, and the entries that they stand for. */
  #start = "";
  shown;
  /** Whether the watch of the view is to wait. */
  reading = true;

  /**
   * `storage` has `read()`, `write(batch)` and `clear()` of this view, `acquire(wait)`, which gives the function that lets
   * another tab write (undefined: another tab writes, and it is not to wait), `forget(view)`, called at the end, and
   * `freshAsOf()` of the view.
   */
  constructor(storage, warn) {
    this.#storage = storage;
    this.#warn = warn;
  }

  /**
   * Reads what is stored and passes it on, if there is something, and begins to write once no other tab does.
   * `loaded` returns the entries that the view shows, if it shows all. `opened` is called when the watch need not wait any longer.
   */
  async open(loaded, opened) {
    const read = () => {
      clearTimeout(timer);
      if (!this.reading) return;
      this.reading = false;
      opened?.();
    };
    const timer = setTimeout(read, MAX_READ_TIME);
    try {
      this.#release = await this.#storage.acquire(false);
      let found = await this.#storage.read();
      if (isReadable(found) && !this.#over) {
        const { records, meta } = found;
        const { freshAsOf, epoch, revision } = meta;
        this.shown = loaded(records, freshAsOf);
        const lines = records.flatMap((record) => [record.key, record.revision]);
        if (this.shown && epoch) this.#start = [epoch, revision, ...lines].join("\n");
      }
      read();
      if (!this.#release && !this.#over) {
        this.#release = await this.#storage.acquire(true);
        found = await this.#storage.read();
      }
      if (this.#over) return this.#release?.();
      const readable = isReadable(found);
      if (found && !readable) await this.#storage.clear();
      this.#written = readable;
      const records = readable ? found.records : [];
      this.#stored = new Map(records.map((record) => [record.key, stampOf(record)]));
      if (this.#entries) this.synced(this.#entries);
    } catch (error) {
      this.#fail(error);
      read();
    }
  }

  /** The stored entries that a watch begins with, as lines: epoch, revision, then each key and its revision. */
  stored() {
    return this.#start;
  }

  /** Identifies the bucket of the entries that are shown; undefined if it is not known. */
  get epoch() {
    return this.#start.split("\n")[0] || this.#position?.epoch;
  }

  /** The view has everything up to a position, and each change moves it on; undefined: it lacks something. */
  follow(position) {
    this.#position = position;
    this.#live = true;
  }

  /** Changes do not move the position on: some may be missing. */
  pause() {
    this.#live = false;
  }

  /** All entries of the view, which are complete. */
  synced(entries) {
    this.#start = "";
    this.shown = undefined;
    this.#complete = true;
    if (!this.#stored) {
      this.#entries = new Map(entries);
      return;
    }
    this.#entries = undefined;
    this.#changes.clear();
    for (const [key, entry] of entries) {
      if (this.#stored.get(key) !== stampOf(entry)) this.#changes.set(key, entry);
    }
    for (const key of this.#stored.keys()) if (!entries.has(key)) this.#changes.set(key, undefined);
    this.#schedule();
  }

  /** A changed entry; undefined for none. */
  update(key, entry, revision) {
    if (this.#live && revision > this.#position?.revision) this.#position.revision = revision;
    if (this.#stored) {
      this.#changes.set(key, entry);
      this.#schedule();
    } else if (entry) this.#entries?.set(key, entry);
    else this.#entries?.delete(key);
  }

  /** Writes what is left, then nothing more. */
  close() {
    const rest = this.#writing ? this.#writing.then(() => this.#write()) : this.#write();
    Promise.resolve(rest).then(() => this.end());
  }

  /** Writes nothing more. */
  end() {
    this.#over = true;
    clearTimeout(this.#timer);
    this.#storage.forget(this);
    Promise.resolve(this.#writing).then(() => this.#release?.());
  }

  #schedule() {
    if (this.#over || this.#writing) return;
    this.#timer ??= setTimeout(() => this.#write(), DELAY);
  }

  #write() {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#over || !this.#complete || !this.#stored) return undefined;
    const changes = this.#changes;
    this.#changes = new Map();
    this.#writing = this.#writeAll(changes).catch((error) => this.#fail(error));
    return this.#writing;
  }

  async #writeAll(changes) {
    const put = [];
    const remove = [];
    for (const [key, entry] of changes) {
      if (!entry) remove.push(key);
      else {
        const { revision, created_at } = entry;
        put.push({ key, revision, ...(created_at && { created_at }), bytes: entry.bytes() });
      }
    }
    const freshAsOf = this.#storage.freshAsOf?.() ?? Date.now();
    const meta = { version: VERSION, freshAsOf, ...this.#position };
    const known = await this.#storage.write({ put, remove, meta, known: this.#written });
    this.#writing = undefined;
    // Another tab has cleared the storage.
    if (!known) return this.end();
    this.#written = true;
    for (const record of put) this.#stored.set(record.key, stampOf(record));
    for (const key of remove) this.#stored.delete(key);
    if (this.#changes.size > 0) this.#schedule();
  }

  #fail(error) {
    this.#writing = undefined;
    if (this.#over) return;
    this.end();
    this.#warn("a view is not persisted, because its storage failed", error);
  }
}
