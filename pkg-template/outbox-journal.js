// The journal of the outbox: its entries as records of a storage.

import { inOrder } from "./outbox-machine.js";

/** Where the backend of a storage keeps the entries. */
const PLACE = "outbox";

const VERSION = 1;

/** A line of JSON, and the bytes of the value. */
function toRecord({ bytes, seq, ...fields }) {
  const line = new TextEncoder().encode(`${JSON.stringify(fields)}\n`);
  const all = new Uint8Array(line.length + bytes.length);
  all.set(line);
  all.set(bytes, line.length);
  return { key: fields.id, revision: seq, bytes: all };
}

function fromRecord({ key, revision, bytes }) {
  const end = bytes.indexOf(10);
  const fields = JSON.parse(new TextDecoder().decode(bytes.subarray(0, end)));
  return { ...fields, id: key, seq: revision, bytes: bytes.slice(end + 1) };
}

export class Journal {
  #backend;
  #scope;
  #warn;

  constructor(backend, scope, warn) {
    this.#backend = backend;
    this.#scope = scope;
    this.#warn = warn;
  }

  /** All entries, in order. */
  async read() {
    const found = await this.#backend.read(this.#scope, PLACE);
    if (!found) return [];
    if (found.meta?.version !== VERSION) throw new Error("unknown version");
    const entries = [];
    for (const record of found.records) {
      try {
        entries.push(fromRecord(record));
      } catch (error) {
        this.#warn(error);
      }
    }
    return entries.sort(inOrder);
  }

  /** Changes entries in one transaction; false: the journal was cleared meanwhile. `isNew`: it need not exist. */
  write({ put, remove }, isNew) {
    const meta = { version: VERSION, freshAsOf: Date.now() };
    const durable = put.length > 0;
    const batch = { put: put.map(toRecord), remove, meta, known: !isNew, durable };
    return this.#backend.write(this.#scope, PLACE, batch);
  }
}
