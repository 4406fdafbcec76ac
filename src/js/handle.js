// What the objects that an application holds have in common: they work inside the proxies of frameworks
// (Vue, Valtio), which cannot reach private members, and console.log in Node shows what they hold.

const INNER = Symbol("inner");

/** console.log in Node and Bun calls the method of this name. */
export const INSPECT = /* @__PURE__ */ Symbol.for("nodejs.util.inspect.custom");

/** Keeps what is behind a handle. As a function: frameworks make proxies of objects, not of functions. */
export function hide(handle, inner) {
  Object.defineProperty(handle, INNER, { value: () => inner, writable: true });
}

/** What is behind a handle, or behind a proxy or copy of it. */
export function inner(handle) {
  return handle[INNER]();
}

/** What `INSPECT` returns: a name and fields. */
export function shown(name, fields, options, inspect) {
  return typeof inspect === "function" ? `${name} ${inspect(fields, options)}` : fields;
}
