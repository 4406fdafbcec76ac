/**
 * Merges two changes of one document, field by field.
 *
 * @typedef {Record<string, string>} Doc
 * @typedef {object} Merged
 * @property {Doc} doc
 * @property {string[]} theirs                       fields that only `other` changed
 * @property {{ field: string, theirs: string }[]} conflicts  fields that both changed: `doc` has mine
 *
 * @param {Doc} base   the document that both changed
 * @param {Doc} mine
 * @param {Doc} other
 * @returns {Merged}
 */
export function merge(base, mine, other) {
  /** @type {Merged} */
  const merged = { doc: { ...other }, theirs: [], conflicts: [] };
  for (const [field, value] of Object.entries(mine)) {
    const theirs = other[field] ?? "";
    const changedByMe = value !== base[field];
    const changedByOther = theirs !== base[field];
    if (changedByMe) merged.doc[field] = value;
    if (changedByOther && !changedByMe) merged.theirs.push(field);
    if (changedByOther && changedByMe && theirs !== value) merged.conflicts.push({ field, theirs });
  }
  return merged;
}
