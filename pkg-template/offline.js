// Storages for view({ persist }).

import { ValidationError } from "ironflow:errors";
import { IndexedDBBackend } from "./indexed-db.js";
import { KeptView } from "./kept-view.js";

/** Waits for the lock of this name; gives the function that releases it, undefined if it is held and not waited for. */
function acquire(name, wait) {
  const { locks } = globalThis.navigator ?? {};
  if (!locks) return () => {};
  return new Promise((resolve, reject) => {
    const request = locks.request(name, { ifAvailable: !wait }, (lock) => {
      if (!lock) return resolve(undefined);
      return new Promise((release) => {
        resolve(release);
      });
    });
    request.catch(reject);
  });
}

class ViewStorage {
  #backend;
  #name;
  #views = new Set();

  constructor(backend, name, scope) {
    this.#backend = backend;
    this.#name = name;
    this.scope = scope;
  }

  /** Opens what is kept of a view: `view()` calls it. */
  open(id, warn, loaded) {
    const backend = this.#backend;
    const { scope } = this;
    const kept = new KeptView(
      {
        read: async () => backend.read(scope, id),
        write: async (batch) => backend.write(scope, id, batch),
        clear: async () => backend.clear(scope, id),
        acquire: async (wait) =>
          acquire(`ironflow:${JSON.stringify([this.#name, scope, id])}`, wait),
        forget: (view) => this.#views.delete(view),
      },
      warn,
    );
    this.#views.add(kept);
    kept.open(loaded);
    return kept;
  }

  async clear(scope = this.scope) {
    if (scope === this.scope) for (const view of [...this.#views]) view.end();
    await this.#backend.clear(scope);
  }
}

function checked(options, names) {
  for (const name of names) {
    const value = options?.[name];
    if (typeof value !== "string" || value === "")
      throw new ValidationError(`${name} must be a string that is not empty`);
  }
}

export function indexedDBStorage(options) {
  checked(options, ["name", "scope"]);
  const { name, scope } = options;
  return new ViewStorage(new IndexedDBBackend(name), name, scope);
}

export function createStorage(options) {
  checked(options, ["name", "scope"]);
  const { backend, name, scope } = options;
  for (const method of ["read", "write", "clear"]) {
    if (typeof backend?.[method] !== "function")
      throw new ValidationError(`backend.${method} must be a function`);
  }
  return new ViewStorage(backend, name, scope);
}
