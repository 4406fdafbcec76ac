// The entries of the outbox as this tab knows them, by id and by line.

import { inOrder, isQueued, lineOf } from "./outbox-machine.js";

const MAX_ENTRIES = 10_000;
const MAX_BYTES = 50 * 1024 * 1024;

export class Entries {
  #byId = new Map();
  /** The entries that wait, in order. */
  #lines = new Map();
  #bytes = 0;
  /** The position of the last entry. */
  last = 0;

  get size() {
    return this.#byId.size;
  }

  /** Whether there is no room for so many bytes more. */
  isFull(bytes) {
    return this.size >= MAX_ENTRIES || this.#bytes + bytes > MAX_BYTES;
  }

  get(id) {
    return this.#byId.get(id);
  }

  /** All entries, in order. */
  all() {
    return [...this.#byId.values()].sort(inOrder);
  }

  /** The entries that wait behind each other, beginning with the next one. */
  line(line) {
    return this.#lines.get(line) ?? [];
  }

  /** Those that wait for the result of an entry. */
  followers(entry) {
    return this.line(lineOf(entry)).filter(({ after }) => after === entry.id);
  }

  set(entry) {
    this.delete(entry.id);
    this.#byId.set(entry.id, entry);
    this.last = Math.max(this.last, entry.seq);
    this.#bytes += entry.bytes.length;
    if (!isQueued(entry)) return;
    const line = lineOf(entry);
    this.#lines.set(line, [...this.line(line), entry].sort(inOrder));
  }

  delete(id) {
    const entry = this.get(id);
    if (!entry) return;
    this.#byId.delete(id);
    this.#bytes -= entry.bytes.length;
    const line = lineOf(entry);
    const rest = this.line(line).filter((other) => other !== entry);
    if (rest.length > 0) this.#lines.set(line, rest);
    else this.#lines.delete(line);
  }
}
