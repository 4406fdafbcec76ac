// Objects that an application holds work inside the proxies of frameworks (Vue, Valtio), which cannot reach
// private members, and console.log shows their bucket and state: a browser's console shows own properties, Node
// calls `INSPECT`.

const INNER = Symbol("inner");

/** console.log in Node and Bun calls the method of this name. */
export const INSPECT = /* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom");

/**
 * Keeps what `get` returns behind a handle. A function, because frameworks make proxies of objects only; writable,
 * because Valtio copies only writable properties.
 */
export function hide(handle, get) {
  Object.defineProperty(handle, INNER, { value: get, writable: true });
}

/** The object behind a handle, or behind a proxy or copy of it. */
export function inner(handle) {
  return handle[INNER]();
}

/** The fields of a client that a log shows: not the whole configuration, which has credentials. */
export function clientFields(client) {
  try {
    const { mode, connectionState } = client;
    return { mode, serverUrl: client.getConfig().serverUrl, connectionState };
  } catch {
    // It is not configured, or its WebAssembly is not loaded.
    return { isConfigured: false };
  }
}

/** The result of `INSPECT`: a name and fields. */
export function shown(name, fields, options, inspect) {
  return typeof inspect === "function" ? `${name} ${inspect(fields, options)}` : fields;
}
