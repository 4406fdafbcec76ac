import { isIronflowError } from "@ironflow/browser";
import { showSnippet } from "./code.js";
import { button, element } from "./dom.js";
import { merge } from "./merge.js";
import { outcome } from "./outcome.js";
import { duelSnippet, writeSnippet } from "./snippets.js";

/**
 * One of two people who edit the same document, each with their own client.
 *
 * @typedef {import("./merge.js").Doc} Doc
 * @typedef {import("@ironflow/browser").BrowserKVBucketHandle} BrowserKVBucketHandle
 */

export const KEY = "meeting.monday";
export const FIELDS = /** @type {const} */ (["title", "room", "time"]);

/** @param {unknown} stored @returns {Doc} */
function readDoc(stored) {
  const given = typeof stored === "object" && stored !== null ? { ...stored } : {};
  return Object.fromEntries(
    FIELDS.map((field) => [field, String(Reflect.get(given, field) ?? "")]),
  );
}

/**
 * @param {string} person
 * @param {(step: string) => void} report  receives a sentence about each step
 */
export function duelEditor(person, report) {
  /** @type {BrowserKVBucketHandle | undefined} */
  let handle;
  /** The document that the person read last. @type {{ doc: Doc, revision: number } | undefined} */
  let base;
  const inputs = FIELDS.map((field) => element("input", { type: "text", name: field }));
  const based = element("p", { class: "hint" });
  const area = element("div", { class: "outcome", role: "status" });
  const shown = outcome(area);
  const saver = element("button", { type: "submit", class: "primary" }, "Save");
  const reread = button("Read again", () => read());
  const form = element(
    "form",
    { class: "stack", autocomplete: "off" },
    ...FIELDS.map((field, i) => {
      const name = element("span", {}, `${field[0]?.toUpperCase()}${field.slice(1)}`);
      return element("label", { class: "field aside" }, name, inputs[i] ?? "");
    }),
    element("div", { class: "actions" }, saver, reread),
  );
  const box = element("section", { class: "editor", "aria-label": person });
  box.append(element("div", { class: "label-row" }, element("h3", {}, person), based), form, area);

  /** @returns {Doc} */
  const typed = () => Object.fromEntries(inputs.map((input) => [input.name, input.value]));

  /** @param {Doc} doc */
  function fill(doc) {
    for (const input of inputs) input.value = doc[input.name] ?? "";
    markChanges();
  }

  function markChanges() {
    for (const input of inputs) {
      input.classList.toggle("changed", base !== undefined && input.value !== base.doc[input.name]);
    }
    based.textContent = base ? `based on revision ${base.revision}` : "";
  }

  async function load() {
    if (!handle) throw new Error("the duel has not started");
    const entry = await handle.get(KEY);
    return { doc: readDoc(entry.json()), revision: entry.revision };
  }

  async function read() {
    try {
      base = await load();
      fill(base.doc);
      shown.clear();
      report(`${person} reads revision ${base.revision}.`);
    } catch (error) {
      shown.failed(error, "get");
    }
  }

  /** Writes the document if its revision is still the last. Returns whether it was written. */
  async function save() {
    if (!handle || !base) return false;
    const doc = typed();
    showSnippet(writeSnippet("update", KEY, doc, base.revision));
    try {
      const { revision } = await handle.update(KEY, doc, base.revision);
      base = { doc, revision };
      fill(doc);
      shown.succeeded(`Saved as revision ${revision}.`);
      report(`${person} saves revision ${revision}.`);
      return true;
    } catch (error) {
      const conflict = isIronflowError(error) && error.status === 412;
      const remedy = conflict ? { label: "Read and merge", run: mergeIn } : undefined;
      shown.failed(error, "update", remedy);
      if (conflict)
        report(`${person}'s save is refused (412): revision ${base.revision} is not the last.`);
      return false;
    }
  }

  /** Merges the person's changes with the saved document. */
  async function mergeIn() {
    if (!base) return;
    try {
      const theirs = await load();
      const mine = typed();
      const changed = FIELDS.find((field) => mine[field] !== base?.doc[field]) ?? FIELDS[0];
      showSnippet(duelSnippet(KEY, changed, mine[changed] ?? ""));
      const { doc, theirs: taken, conflicts } = merge(base.doc, mine, theirs.doc);
      base = theirs;
      fill(doc);
      const words = conflicts.map(
        ({ field, theirs: other }) =>
          `Both changed the ${field}: yours stays, theirs was “${other}”.`,
      );
      if (taken.length) words.unshift(`Took their ${taken.join(" and ")}.`);
      shown.succeeded(
        `Merged with revision ${theirs.revision}. ${words.join(" ")} Now save again.`,
      );
      report(`${person} reads revision ${theirs.revision} and merges.`);
    } catch (error) {
      shown.failed(error, "get");
    }
  }

  form.addEventListener("input", markChanges);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });

  return {
    box,
    read,
    save,
    mergeIn,

    /** @param {typeof FIELDS[number]} field @param {string} value */
    type(field, value) {
      const input = inputs[FIELDS.indexOf(field)];
      if (input) input.value = value;
      markChanges();
    },

    /** @param {BrowserKVBucketHandle} bucket */
    begin(bucket) {
      handle = bucket;
      base = undefined;
      shown.clear();
    },
  };
}
