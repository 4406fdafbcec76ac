// A backend of createStorage() that keeps its records in a Map.

/** A store that survives the clients: it passes copies. */
export class Backend {
  /** @type {Map<string, { meta: any, records: Map<string, any> }>} */
  views = new Map();
  /** @type {Error | undefined} */
  failure;

  /** @param {string[]} id */
  #id(...id) {
    return JSON.stringify(id);
  }

  /** @param {string} scope @param {string} view */
  async read(scope, view) {
    if (this.failure) throw this.failure;
    const found = this.views.get(this.#id(scope, view));
    return found && structuredClone({ meta: found.meta, records: [...found.records.values()] });
  }

  /** @param {string} scope @param {string} view @param {any} batch */
  async write(scope, view, { put, remove, meta, known }) {
    if (this.failure) throw this.failure;
    const id = this.#id(scope, view);
    if (known && !this.views.has(id)) return false;
    const records = this.views.get(id)?.records ?? new Map();
    for (const record of put) records.set(record.key, record);
    for (const key of remove) records.delete(key);
    this.views.set(id, { meta, records });
    return true;
  }

  /** @param {string} scope @param {string} [view] */
  async clear(scope, view) {
    for (const id of [...this.views.keys()]) {
      const [ofScope, ofView] = JSON.parse(id);
      if (ofScope === scope && ofView === (view ?? ofView)) this.views.delete(id);
    }
  }

  /** Until a number of views is stored with a number of entries. @param {number} entries */
  async stores(entries) {
    const count = () =>
      [...this.views.values()].reduce((sum, { records }) => sum + records.size, 0);
    while (count() !== entries) await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
