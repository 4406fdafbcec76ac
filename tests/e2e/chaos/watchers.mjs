import { FORBIDDEN_PATTERN } from "./rules.mjs";

/** @typedef {import("./page/subject.mjs").Wanted} Wanted */

/** @typedef {Omit<Wanted, "bucket"> & { isForbidden?: boolean }} Watcher `isForbidden`: it may end with a 403 */

/** @typedef {{ name: string, client: string, bucket?: string }} View */

/** The views that are open throughout, some of a bucket that is deleted and created again. @type {View[]} */
export const views = [
  { name: "view", client: "wide" },
  { name: "view of the fleeting bucket", client: "wide", bucket: "fleeting" },
  { name: "narrow view of the fleeting bucket", client: "narrow", bucket: "fleeting" },
];

/**
 * Those that watch throughout: of the client `wide` a watcher of everything covers the others, those of `narrow`
 * cover one another in part or not at all.
 *
 * @type {Watcher[]}
 */
export const standing = [
  { name: "everything", client: "wide" },
  { name: "everything, initial", client: "wide", initial: true },
  { name: "a.*", client: "wide", key: "a.*" },
  { name: "a key", client: "wide", key: "a.7" },
  { name: "a key, initial", client: "wide", key: "b.3", initial: true },
  { name: "overlapping", client: "wide", key: ["a.*", "a.1", "*.1", "b.1"], initial: true },
  { name: "b.*, initial", client: "narrow", key: "b.*", initial: true },
  { name: "two patterns", client: "narrow", key: ["c.>", "a.0"], initial: true },
  { name: "a key alone", client: "narrow", key: "d5" },
  { name: "iterated", client: "narrow", key: "a.*", initial: true, iterate: true },
];

/** Those that begin while a phase is under way, and end with the next. @param {number} phase @returns {Watcher[]} */
export const passing = (phase) => [
  { name: `everything, initial, from ${phase}`, client: "wide", initial: true },
  { name: `c.*.*, from ${phase}`, client: "wide", key: "c.*.*" },
  { name: `*, initial, from ${phase}`, client: "narrow", key: "*", initial: true },
  { name: `everything, from ${phase}`, client: `client of ${phase}` },
  {
    ...{ name: `forbidden, from ${phase}`, client: "narrow" },
    ...{ key: FORBIDDEN_PATTERN, isForbidden: true },
  },
];
