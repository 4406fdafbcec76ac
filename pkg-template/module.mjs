// Reads and writes WebAssembly modules.

/** Section ids, and the id of the functions' names in the custom section `name`. */
export const CUSTOM = 0;
export const IMPORTS = 2;
export const FUNCTIONS = 3;
export const EXPORTS = 7;
export const ELEMENTS = 9;
export const CODE = 10;
export const FUNCTION_NAMES = 1;

/** Reads a WebAssembly module from an offset. */
export class Reader {
  /** @param {Uint8Array} code @param {number} at */
  constructor(code, at) {
    this.code = code;
    this.at = at;
  }

  byte() {
    this.at += 1;
    return this.code[this.at - 1] ?? 0;
  }

  number() {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }

  /** Reads a list of things, each with the function. @template T @param {() => T} each @returns {T[]} */
  list(each) {
    return Array.from({ length: this.number() }, each);
  }

  /** Reads a name and returns its start and end. */
  name() {
    const length = this.number();
    this.at += length;
    return [this.at - length, this.at];
  }

  limits() {
    if (this.number() & 1) this.number();
    this.number();
  }

  /** Skips the description of an import and returns its kind. */
  imported() {
    const kind = this.number();
    if (kind === 1 || kind === 3) this.number();
    if (kind === 1 || kind === 2) this.limits();
    else if (kind === 0 || kind === 3) this.number();
    else throw new Error(`the WebAssembly imports something of kind ${kind}`);
    return kind;
  }

  exported() {
    this.number();
    this.number();
  }
}

/** The sections of a module. @param {Uint8Array} code */
export function sections(code) {
  const reader = new Reader(code, 8);
  const found = [];
  while (reader.at < code.length) {
    const from = reader.at;
    const id = reader.number();
    const size = reader.number();
    found.push({ id, from, start: reader.at, end: reader.at + size });
    reader.at += size;
  }
  return found;
}

/** A number in LEB128, whose last byte must be below `limit`: 128, or 64 if it is signed. @param {number} value @returns {number[]} */
export function encoded(value, limit = 128) {
  if (value < limit) return [value];
  return [(value % 128) + 128, ...encoded(Math.floor(value / 128), limit)];
}

/** A module with other contents of sections, by id. @param {Buffer} code @param {Map<number, number[]>} contents */
export function replaced(code, contents) {
  const parts = [code.subarray(0, 8)];
  for (const { id, from, end } of sections(code)) {
    const content = contents.get(id);
    if (content) parts.push(Buffer.from([id, ...encoded(content.length)]), Buffer.from(content));
    else parts.push(code.subarray(from, end));
  }
  return Buffer.concat(parts);
}
