// Views and outboxes in IndexedDB: the backend of indexedDBStorage(). One database a name, one transaction a batch.

/** The stores: of one record a view, and of one record an entry. */
const VIEWS = "views";
const ENTRIES = "entries";

/** A request, or a transaction, as a promise. */
function promised(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.oncomplete = resolve;
    request.onerror = () => reject(request.error);
    request.onabort = () => reject(request.error);
  });
}

/** The keys that begin with this array: arrays sort after strings. */
const within = (prefix) => IDBKeyRange.bound(prefix, [...prefix, []]);

export class IndexedDBBackend {
  #name;
  #database;

  constructor(name) {
    this.#name = name;
  }

  async read(scope, id) {
    const transaction = await this.#begin("readonly");
    const meta = promised(transaction.objectStore(VIEWS).get([scope, id]));
    const records = promised(transaction.objectStore(ENTRIES).getAll(within([scope, id])));
    const found = { meta: await meta, records: await records };
    return found.meta && found;
  }

  async write(scope, id, { put, remove, meta, known, durable }) {
    const transaction = await this.#begin("readwrite", durable ? "strict" : "relaxed");
    const done = promised(transaction);
    // It is awaited later, if at all.
    done.catch(() => {});
    const views = transaction.objectStore(VIEWS);
    const entries = transaction.objectStore(ENTRIES);
    if (known && (await promised(views.count([scope, id]))) === 0) return false;
    for (const record of put) entries.put(record, [scope, id, record.key]);
    for (const key of remove) entries.delete([scope, id, key]);
    views.put(meta, [scope, id]);
    await done;
    return true;
  }

  async clear(...prefix) {
    const transaction = await this.#begin("readwrite");
    const done = promised(transaction);
    if (prefix.length > 1) transaction.objectStore(VIEWS).delete(prefix);
    else transaction.objectStore(VIEWS).delete(within(prefix));
    transaction.objectStore(ENTRIES).delete(within(prefix));
    await done;
  }

  /** Where the durability is relaxed, the last batches may be missing after a crash of the machine. */
  async #begin(mode, durability = "relaxed") {
    this.#database ??= this.#open();
    const database = await this.#database;
    return database.transaction([VIEWS, ENTRIES], mode, { durability });
  }

  async #open() {
    const request = indexedDB.open(`ironflow:${this.#name}`, 1);
    request.onupgradeneeded = () => {
      for (const store of [VIEWS, ENTRIES]) request.result.createObjectStore(store);
    };
    const database = await promised(request);
    const closed = () => {
      database.close();
      this.#database = undefined;
    };
    // Another tab deletes it, or the browser has closed it.
    database.onversionchange = closed;
    database.onclose = closed;
    return database;
  }
}
