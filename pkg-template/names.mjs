// Renames the imports and exports to which wasm-opt gave a name with a leading underscore. Applications
// often configure their minifier to mangle such properties (`mangle-props=^_`), which would not rename them in the
// WebAssembly.

const LETTERS = [..."abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ$"];
const DIGITS = [..."0123456789"];

/** Section ids. */
const IMPORTS = 2;
const EXPORTS = 7;

/** Reads a WebAssembly module from an offset. */
export class Reader {
  /** @param {Uint8Array} code @param {number} at */
  constructor(code, at) {
    this.code = code;
    this.at = at;
  }

  number() {
    for (let value = 0, shift = 0; ; shift += 7) {
      const byte = this.code[this.at];
      this.at += 1;
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
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

  /** Skips the description of an import. */
  imported() {
    const kind = this.number();
    if (kind === 1 || kind === 3) this.number();
    if (kind === 1 || kind === 2) this.limits();
    else if (kind === 0 || kind === 3) this.number();
    else throw new Error(`the WebAssembly imports something of kind ${kind}`);
  }

  exported() {
    this.number();
    this.number();
  }
}

/** The starts and ends of the names in a section. @param {Uint8Array} code @param {number} wanted */
function places(code, wanted) {
  const reader = new Reader(code, 8);
  while (reader.at < code.length) {
    const section = reader.number();
    const size = reader.number();
    if (section !== wanted) {
      reader.at += size;
      continue;
    }
    const found = [];
    for (let left = reader.number(); left > 0; left -= 1) {
      if (wanted === IMPORTS) reader.name();
      found.push(reader.name());
      if (wanted === IMPORTS) reader.imported();
      else reader.exported();
    }
    return found;
  }
  throw new Error(`the WebAssembly has no section ${wanted}`);
}

/** Replacement names of the same length. @param {string} name @param {string[]} alone names of one character */
function candidates(name, alone) {
  if (name.length === 1) return alone;
  const seconds = [...LETTERS, ...DIGITS];
  return LETTERS.flatMap((first) => seconds.map((second) => first + second + name.slice(2)));
}

/**
 * Renames in a section and returns a function from old to new names.
 *
 * @param {Buffer} code
 * @param {number} section
 * @param {string[]} alone names of one character
 */
function renamed(code, section, alone) {
  const found = places(code, section);
  const taken = new Set(found.map(([from, to]) => code.toString("latin1", from, to)));
  const names = new Map();
  for (const [from, to] of found) {
    const name = code.toString("latin1", from, to);
    if (!name.startsWith("_")) continue;
    const other = candidates(name, alone).find((each) => !taken.has(each));
    if (!other) throw new Error(`no unused name is left to replace ${name}`);
    taken.add(other);
    names.set(name, other);
    code.write(other, from, "latin1");
  }
  return (name) => names.get(name) ?? name;
}

/**
 * Renames in the code, in place, and in the output of `wasm-opt --minify-imports-and-exports-and-modules`.
 *
 * @param {Buffer} code
 * @param {string} printed
 */
export function withoutUnderscores(code, printed) {
  const { imports, exports, ...rest } = JSON.parse(printed);
  // An import is a member of an object literal, where a digit is a valid name.
  const imported = renamed(code, IMPORTS, [...LETTERS, ...DIGITS]);
  const exported = renamed(code, EXPORTS, LETTERS);
  return JSON.stringify({
    ...rest,
    imports: imports.map(([module, name, short]) => [module, name, imported(short)]),
    exports: exports.map(([name, short]) => [name, exported(short)]),
  });
}
