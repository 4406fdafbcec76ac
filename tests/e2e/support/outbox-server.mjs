// A server by the rules of the protocol, for tests of the decisions of the outbox.

/** @param {number} number */
export const bytesOf = (number) => new Uint8Array([number >> 8, number & 255]);
/** @param {{ bytes: Uint8Array }} stored */
export const numberOf = ({ bytes }) =>
  /** @type {number} */ (bytes[0]) * 256 + /** @type {number} */ (bytes[1]);

/** A server by the rules of the protocol: one counter, write ids with a record and with the last message. */
export class Server {
  ids = true;
  epoch = "first";
  revision = 0;
  /** @type {Map<string, any>} */
  last = new Map();
  /** @type {Map<string, any>} */
  records = new Map();
  /** Every write that was carried out. @type {{ key: string, value: number, entry?: string, over: number }[]} */
  log = [];

  /** @param {string} key */
  read(key) {
    const last = this.last.get(key);
    return last?.bytes ? { revision: last.revision, bytes: last.bytes } : false;
  }

  /**
   * @param {any} entry
   * @param {number | undefined} base undefined: without a condition
   * @param {boolean} [strict] whether 0 means that there is no tombstone either
   */
  write(entry, base, strict = entry.operation === "update") {
    const { key, operation, writeId, bytes } = entry;
    const removes = /delete|purge/.test(operation);
    const name = `${writeId} ${key} ${removes ? operation : "put"} ${base} ${strict}`;
    if (this.ids && this.records.has(name)) return this.records.get(name);
    const answer = this.#write(key, removes ? undefined : bytes, base, name, entry.id, strict);
    if (this.ids) this.records.set(name, answer);
    return answer;
  }

  /** @param {string} key @param {Uint8Array | undefined} bytes @param {number | undefined} base @param {string} name @param {string} [entry] @param {boolean} [strict] */
  #write(key, bytes, base, name, entry, strict) {
    const last = this.last.get(key);
    if (this.ids && last?.name === name) return { revision: last.revision };
    const live = last?.bytes !== undefined;
    const error = { code: "HTTP_412", status: 412 };
    if (!bytes && !live) return { error: { code: "HTTP_404", status: 404 } };
    if (base !== undefined && base !== (live || base || strict ? (last?.revision ?? 0) : 0)) {
      // It cannot know whether the write was carried out before: the record may be lost.
      const unknown = this.ids && last && base < last.revision && this.forgetful;
      return { error: unknown ? { ...error, details: { maybeApplied: true } } : error };
    }
    this.revision += 1;
    this.last.set(key, { revision: this.revision, bytes, name });
    const value = bytes ? numberOf({ bytes }) : 0;
    this.log.push({ key, value, entry, over: base ?? -1 });
    return { revision: this.revision };
  }

  forgetful = false;

  restart() {
    this.records.clear();
    this.forgetful = true;
  }

  recreate() {
    this.epoch += "'";
    this.revision = 0;
    this.last.clear();
    this.records.clear();
  }

  /** A write of another client, or a delete. @param {string} key @param {number} [value] */
  foreign(key, value) {
    this.#write(key, value === undefined ? value : bytesOf(value), undefined, "foreign");
  }
}
