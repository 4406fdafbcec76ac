// Storages for view({ persist }) and createClient({ outbox }).

import { ValidationError } from "ironflow:errors";
import { log } from "../src/js/log.js";
import { IndexedDBBackend } from "./indexed-db.js";
import { KeptView } from "./kept-view.js";
import { acquire } from "./locks.js";
import { attachOutbox } from "./outbox-client.js";
import { viewId } from "./view-id.js";

class ViewStorage {
  #backend;
  #name;
  #views = new Set();
  #outboxes = new Set();

  constructor(backend, name, scope) {
    this.#backend = backend;
    this.#name = name;
    this.scope = scope;
  }

  /** Opens what is kept of a view: `view()` calls it. */
  open(view, given) {
    const id = viewId(view, given);
    const warn = (...details) => log(given.logger, "warn", ...details);
    const backend = this.#backend;
    const { scope } = this;
    const kept = new KeptView(
      {
        read: async () => backend.read(scope, id),
        write: async (batch) => backend.write(scope, id, batch),
        clear: async () => backend.clear(scope, id),
        acquire: async (wait) => {
          if (!globalThis.navigator?.locks) return () => {};
          return acquire(`ironflow:${JSON.stringify([this.#name, scope, id])}`, wait);
        },
        forget: () => this.#views.delete(kept),
        freshAsOf: () => view.freshAsOf,
      },
      warn,
    );
    this.#views.add(kept);
    view.kept = kept;
    kept.open(
      (...stored) => view.load(kept, ...stored),
      () => view.opened(kept),
    );
    return kept;
  }

  /** Gives a client an outbox: `createClient()` calls it. */
  attach(client, inner, outcomeOf) {
    const { scope } = this;
    const place = { backend: this.#backend, name: this.#name, scope };
    this.#outboxes.add(attachOutbox(place, client, inner, outcomeOf));
  }

  async clear(scope = this.scope) {
    if (scope === this.scope) for (const view of [...this.#views]) view.end();
    await this.#backend.clear(scope);
    if (scope === this.scope) for (const { state } of this.#outboxes) state.clear();
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
