// Reads the application's arguments and options, each once, for Rust to validate. Rust gets the kinds and names of
// all of them as one string, and takes the values that it needs.

import {
  SETTING_BOOL,
  SETTING_FUNCTION,
  SETTING_ILL_FORMED,
  SETTING_LIST,
  SETTING_NUMBER,
  SETTING_OBJECT,
  SETTING_OTHER,
  SETTING_SIGNAL,
  SETTING_TEXT,
  SETTING_UNSET,
} from "./enums.js";
import { isAbortSignal } from "./exchange.js";
import { isWellFormed } from "./text.js";

/** The last read argument, followed by the value of each option. */
let values = [];

/** Takes one of the last read values. */
export function takeValue(at) {
  const value = values[at];
  values[at] = undefined;
  return value;
}

/** Takes a value as a number. */
export function takeNumber(at) {
  return Number(takeValue(at));
}

/** Options that are opaque objects, whose members are not options. */
const OPAQUE = ["logger", "outbox", "persist", "signal"];

/** Options that are storages, and the method that they must have. */
const STORAGES = { outbox: "attach", persist: "open" };

/** The maximum depth of nested options. */
const MAX_DEPTH = 3;

/** The server's address as text: of a URL object, and in a page of a path on the page's own server. */
function address(url) {
  if (Object.prototype.toString.call(url) === "[object URL]") return url.href;
  const { protocol, origin } = globalThis.location ?? {};
  const isPath = url === "" || /^\/(?!\/)/.test(url);
  return isPath && protocol?.startsWith("http") ? origin + url : url;
}

/** A copy of an array; any other value as it is; what no option takes where reading it throws. */
function copied(value) {
  try {
    return Array.isArray(value) ? [...value] : value;
  } catch {
    return Symbol();
  }
}

/** A member of an object; what no option takes where reading it throws. */
function read(object, name) {
  try {
    const value = object[name];
    if (name === "serverUrl") return address(value);
    // A function that is a method keeps its object.
    return typeof value === "function" ? value.bind(object) : copied(value);
  } catch {
    return Symbol();
  }
}

const KINDS = { boolean: SETTING_BOOL, number: SETTING_NUMBER, function: SETTING_FUNCTION };

function kindOf(value) {
  if (value === undefined || value === null) return SETTING_UNSET;
  if (typeof value === "string") return isWellFormed(value) ? SETTING_TEXT : SETTING_ILL_FORMED;
  return KINDS[typeof value] ?? (Array.isArray(value) ? SETTING_LIST : SETTING_OTHER);
}

/** The names of members that an object has from its class: getters and methods. */
export function* inheritedNames(object) {
  const above = Object.getPrototypeOf(object);
  // Skip Object.prototype of any realm.
  if (!above || !Object.getPrototypeOf(above)) return;
  for (const name of Object.getOwnPropertyNames(above)) if (name !== "constructor") yield name;
  yield* inheritedNames(above);
}

/** Reads options into lines and values. */
class Reader {
  lines = "";
  values;

  constructor(argument) {
    this.values = [argument];
  }

  /** `mark`: a `?` for what an object has from its class, and that need not be an option. */
  #addMember(path, name, mark, value, depth) {
    let kind = kindOf(value);
    // A revision that is undefined is refused: what must be conditional would not be.
    if (kind === SETTING_UNSET && name !== "revision") return;
    const isObject = kind === SETTING_OTHER && typeof value === "object";
    const members =
      isObject && !OPAQUE.includes(name) && depth < MAX_DEPTH && !value[Symbol.iterator];
    if (members || (isObject && name === "logger")) kind = SETTING_OBJECT;
    else if (name === "signal" && isAbortSignal(value)) kind = SETTING_SIGNAL;
    else if (isObject && typeof read(value, STORAGES[name]) === "function") kind = SETTING_SIGNAL;
    this.lines += `\n${kind}${mark}${path}`;
    this.values.push(value);
    if (members) this.addMembers(`${path}.`, mark, value, depth + 1);
  }

  addMembers(prefix, mark, object, depth) {
    const add = (name, mark) => {
      // What divides names and lines is not a part of a name.
      const shown = /^$|[.?\n]/.test(name) ? JSON.stringify(name) : name;
      this.#addMember(prefix + shown, name, mark, read(object, name), depth);
    };
    for (const name of Object.keys(object)) add(name, mark);
    for (const name of inheritedNames(object)) if (!Object.hasOwn(object, name)) add(name, "?");
  }

  /** A line for what is no object of options. */
  addOptions(options) {
    try {
      if (typeof options === "object" && !options[Symbol.iterator])
        return this.addMembers("", "", options, 1);
    } catch {
      // Such as a revoked Proxy.
    }
    this.lines = `\n${SETTING_UNSET}`;
  }
}

/**
 * Reads an argument and an object of options. Gives a line for each option: a line feed, its kind (a `SETTING_…`)
 * and its path; then two line feeds, the kind of the argument and, if it is a string, the argument.
 */
export function readArguments(argument, options) {
  const given = copied(argument);
  const reader = new Reader(given);
  if (options !== undefined && options !== null) reader.addOptions(options);
  values = reader.values;
  const kind = kindOf(given);
  return `${reader.lines}\n\n${kind}${kind === SETTING_TEXT ? given : ""}`;
}
