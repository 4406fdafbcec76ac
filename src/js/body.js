// What put, create and update store, as a fetch body.

/** A copy of the bytes of a buffer or a view, whatever realm it is from; else undefined. */
export function toBytes(value) {
  if (ArrayBuffer.isView(value)) {
    return new Uint8Array(value.buffer, value.byteOffset, value.byteLength).slice();
  }
  const tag = Object.prototype.toString.call(value);
  if (tag === "[object ArrayBuffer]" || tag === "[object SharedArrayBuffer]") {
    return new Uint8Array(value).slice();
  }
  return undefined;
}

/** The JSON text of a value; throws, in words for the caller, where it has none. */
export function toJson(value) {
  const kind = typeof value;
  if (kind === "function" || kind === "symbol" || kind === "bigint" || value === undefined) {
    throw `a value of type ${kind} cannot be stored`;
  }
  if (kind === "number" && !Number.isFinite(value)) throw `${value} has no JSON form`;
  let json;
  try {
    json = JSON.stringify(value);
  } catch (error) {
    throw `the value has no JSON form: ${error?.message ?? error}`;
  }
  if (json === undefined) throw "the value has no JSON form: its toJSON() gives undefined";
  return json;
}

/** Whether a string is valid Unicode, without a lone surrogate. */
export function isWellFormed(text) {
  return !/\p{Surrogate}/u.test(text);
}
