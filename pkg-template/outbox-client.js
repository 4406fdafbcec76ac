// Gives a client an outbox: its handles write through it, and what they read includes what it holds.

import { ValidationError } from "ironflow:errors";
import { matches } from "../src/js/view-mutations.js";
import { Outbox } from "./outbox.js";
import { removes } from "./outbox-machine.js";

/** Sets members that do not show, and that copies of the object by frameworks have too. */
function define(object, members) {
  for (const [name, value] of Object.entries(members)) {
    Object.defineProperty(object, name, { value, writable: true });
  }
}

const OPERATIONS = { put: 1, create: 1, update: 2, delete: 0, purge: 0 };

/** A handle, whose methods use the outbox. `inner` and `outcomeOf`: the client's functions. */
function wrap(handle, mode, outbox, inner, outcomeOf) {
  const methods = Object.getPrototypeOf(handle);
  const bucket = handle.name;
  const direct = (name, ...given) => {
    outbox.meet(bucket);
    return methods[name].call(handle, ...given);
  };
  const { state, values } = outbox;
  const members = {};

  for (const [operation, values] of Object.entries(OPERATIONS)) {
    members[operation] = (key, ...given) =>
      outcomeOf(write(operation, key, given.slice(0, values), given[values], given));
  }

  async function write(operation, key, [value, revision], options, given) {
    const plain = () => direct(operation, key, ...given);
    const isDelete = removes({ operation });
    const conditional = isDelete && options?.revision !== undefined;
    if (options?.keepalive || conditional || (operation === "update" && !(revision >= 0)))
      return plain();
    const { signal, timeout, ttl } = options ?? {};
    const encode = () => values.encode(bucket, mode, key, value, options, isDelete);
    const call = { bucket, key, operation, mode, ttl, revision, signal, timeout };
    return outbox.write(call, encode, plain);
  }

  /** What is shown of the last write of a key that waits; undefined: there is none. */
  const pending = (key) => (typeof key === "string" ? state.line({ bucket, key }) : []);

  const shown = (line, options) => {
    const { key, bytes, at } = line.at(-1);
    state.shown.add(bytes);
    const created_at = new Date(at).toISOString();
    const stored = { key, bytes, created_at, revision: line[0].base ?? 0, pending: true };
    return values.entry(bucket, mode, stored, options);
  };

  async function read(method, key, options) {
    const line = pending(key);
    if (line.length > 0 && options?.revision === undefined) {
      if (!removes(line.at(-1))) return shown(line, options);
      if (method === "find") return undefined;
      const call = { operation: method, bucket, key };
      throw state.error(call, { code: "HTTP_404", status: 404, message: "key not found" });
    }
    const entry = await direct(method, key, options);
    if (typeof key === "string" && options?.revision === undefined)
      outbox.saw({ bucket, key }, entry?.revision ?? 0);
    return entry;
  }
  members.get = (key, options) => outcomeOf(read("get", key, options));
  members.find = (key, options) => outcomeOf(read("find", key, options));

  /** What a method lists, with the keys that wait and match. `add` gives what is listed of one. */
  async function list(method, filter, options, add) {
    const found = new Map();
    for (const each of await direct(method, filter, options)) {
      found.set(each.key ?? each, each);
      if (each.key) outbox.saw({ bucket, key: each.key }, each.revision);
    }
    for (const { bucket: of, key } of state.queued()) {
      const isListed = of === bucket && [filter].flat().some((pattern) => matches(pattern, key));
      if (!isListed) continue;
      const line = pending(key);
      found.delete(key);
      if (!removes(line.at(-1))) found.set(key, await add(line));
    }
    return [...found.values()];
  }
  members.listKeys = (filter, options) =>
    outcomeOf(list("listKeys", filter, options, ([{ key }]) => key));
  members.entries = (filter, options) => outcomeOf(list("entries", filter, options, shown));

  members.view = (options) => {
    const view = direct("view", options);
    state.views.add(inner(view), state.queued());
    return view;
  };
  define(handle, members);
}

/** What the application sees of an entry. */
function entryOf({ id, server, environment, bucket, key, operation, bytes, at, error }) {
  const created_at = new Date(at).toISOString();
  const entry = { id, serverUrl: server, environment, bucket, key, operation, bytes, created_at };
  return error ? { ...entry, error } : entry;
}

/** What the application sees of an outbox. */
const publicOutbox = (outbox) => ({
  get size() {
    return outbox.state.size;
  },
  entries: () => outbox.state.journaled().map(entryOf),
  flush: () => outbox.flush(),
  discard: (id) => outbox.discard(id),
  subscribe(callback) {
    if (typeof callback !== "function")
      throw new ValidationError("the callback must be a function");
    return outbox.state.subscribe(callback);
  },
});

function checkFallback(options) {
  if (options?.fallback) throw new ValidationError("an outbox has no fallback");
}

/** Gives a client an outbox in a place of a storage; gives the outbox. `inner` and `outcomeOf`: the client's functions. */
export function attachOutbox(place, client, inner, outcomeOf) {
  const given = client.getConfig();
  checkFallback(given);
  const methods = Object.getPrototypeOf(client);
  const kv = client.kv();
  const outbox = new Outbox(place, client, given);
  define(kv, {
    bucket(name, options) {
      const handle = Object.getPrototypeOf(kv).bucket.call(kv, name, options);
      if (!Object.hasOwn(handle, "put")) wrap(handle, options?.decode, outbox, inner, outcomeOf);
      return handle;
    },
  });
  define(client, {
    outbox: publicOutbox(outbox),
    kv: () => kv,
    configure(options) {
      checkFallback(options);
      methods.configure.call(client, options);
      outbox.configure(client.getConfig());
    },
    setAuth(auth) {
      methods.setAuth.call(client, auth);
      outbox.setAuth(auth);
    },
    disconnect() {
      methods.disconnect.call(client);
      outbox.close();
    },
  });
  return outbox;
}
