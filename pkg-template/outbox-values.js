// The values of the outbox, as a handle encodes and decodes them: a client in memory does it.

/** Encodes what an application writes, and makes entries of stored bytes. */
export class Values {
  #client;

  /** `client`: any client of this copy of the package. */
  constructor(client) {
    this.#client = client;
  }

  /** The handles of a new bucket: one that decodes, and one that gives the bytes. */
  #handles(bucket, decode) {
    const client = new this.#client.constructor();
    client.configure({ transport: "memory", memory: { autoCreate: true } });
    const kv = client.kv();
    return [kv.bucket(bucket, { decode }), kv.bucket(bucket)];
  }

  /** The bytes that a write stores, none for a delete; rejects where the write would, before it is sent. */
  async encode(bucket, mode, key, value, options, isDelete) {
    const [typed, plain] = this.#handles(bucket, mode);
    await (isDelete ? plain.put(key, "") : typed.put(key, value, options));
    const bytes = (await plain.get(key)).bytes();
    if (isDelete) await plain.delete(key, options);
    return bytes;
  }

  /** An entry as `get()` of a handle gives it. */
  async entry(bucket, mode, { key, bytes, ...fields }, options) {
    const [typed, plain] = this.#handles(bucket, mode);
    await plain.put(key, bytes);
    const entry = await typed.get(key, options);
    return Object.assign(entry, fields);
  }

  /** The value that a handle would store as these bytes. */
  static of(bytes, mode) {
    if (mode !== "json" && mode !== "text") return bytes;
    const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
    return mode === "json" ? JSON.parse(text) : text;
  }
}
