import { isIronflowError } from "@ironflow/browser";
import { showSnippet } from "./code.js";
import { byId, confirmed } from "./dom.js";
import { outcome } from "./outcome.js";
import { bucket, emit, on } from "./session.js";
import { getSnippet, removeSnippet, writeSnippet } from "./snippets.js";
import { decode, encode, formatSize } from "./values.js";

/**
 * @typedef {import("./outcome.js").Operation} Operation
 * @typedef {import("./values.js").Format} Format
 */

const form = byId("entry-form", HTMLFormElement);
const keyInput = byId("key", HTMLInputElement);
const value = byId("value", HTMLTextAreaElement);
const format = byId("format", HTMLSelectElement);
const revision = byId("revision", HTMLInputElement);
const facts = byId("entry-facts", HTMLParagraphElement);
const ttl = byId("ttl", HTMLInputElement);
const casHint = byId("cas-hint", HTMLParagraphElement);
const usualHint = casHint.textContent ?? "";
const shown = outcome(byId("entry-outcome", HTMLDivElement));

/** The value last read or written, to detect whether the person has typed since. */
let last = { text: "", format: "json" };

const typed = () => encode(value.value, /** @type {Format} */ (format.value));
/** The options of a write: the time to live, if there is one. */
const options = () => (ttl.value === "" ? undefined : { ttl: ttl.valueAsNumber });
/** @param {{ expires_at?: string }} written */
const expiry = ({ expires_at }) =>
  expires_at ? `, expires ${new Date(expires_at).toLocaleString()}` : "";
const isTouched = () => value.value !== last.text || format.value !== last.format;

/**
 * Runs one operation on the key of the form, and shows its result.
 *
 * @param {Operation} operation
 * @param {(key: string) => Promise<string>} work returns the message for its success
 */
async function perform(operation, work) {
  const key = keyInput.value;
  if (!keyInput.reportValidity()) return;
  form.setAttribute("aria-busy", "true");
  try {
    shown.succeeded(await work(key));
    emit(operation === "get" ? "answered" : "changed", undefined);
  } catch (error) {
    const conflict = isIronflowError(error) && error.code === "HTTP_412";
    const remedy = conflict ? { label: "Get the current entry", run: get } : undefined;
    shown.failed(error, operation, remedy);
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/**
 * @param {import("./values.js").Stored} stored
 * @param {number} at its revision
 * @param {string} when
 */
function fill(stored, at, when) {
  const { format: as, text, size } = decode(stored);
  value.value = text;
  format.value = as;
  noteRevision(at, `Revision ${at}, ${formatSize(size)}, ${when}.`);
}

/** @param {number} now @param {string} words */
function noteRevision(now, words) {
  revision.value = String(now);
  facts.textContent = words;
  casHint.textContent = usualHint;
  last = { text: value.value, format: format.value };
}

const get = () =>
  perform("get", async (key) => {
    showSnippet(getSnippet(key));
    const entry = await bucket().get(key);
    const at = new Date(entry.created_at).toLocaleString();
    fill(entry, entry.revision, `written ${at}${expiry(entry)}`);
    return `Got ${key} at revision ${entry.revision}.`;
  });

/**
 * @param {"put" | "create" | "update"} operation
 * @param {string} done
 * @param {() => number | undefined} [expected] the revision to compare with
 */
const write = (operation, done, expected = () => undefined) =>
  perform(operation, async (key) => {
    const content = typed();
    const compared = expected();
    showSnippet(writeSnippet(operation, key, content, compared, options()));
    const handle = bucket();
    const written =
      operation === "update" && compared !== undefined
        ? await handle.update(key, content, compared, options())
        : await handle[operation === "create" ? "create" : "put"](key, content, options());
    const now = written.revision;
    noteRevision(now, `Revision ${now}, written by this page just now${expiry(written)}.`);
    return `${done} ${key}: it is at revision ${now}.`;
  });

const put = () => write("put", "Put");
const create = () => write("create", "Created");
const update = () =>
  write("update", "Updated", () => {
    if (revision.value === "") {
      throw new Error("Update needs the revision you last read. Get the key first.");
    }
    return revision.valueAsNumber;
  });

/** @param {"delete" | "purge"} operation @param {(key: string) => string} words */
const remove = (operation, words) =>
  perform(operation, async (key) => {
    showSnippet(removeSnippet(operation, key));
    await bucket()[operation](key);
    facts.textContent = "";
    return words(key);
  });

const tombstone = () =>
  remove("delete", (key) => `Deleted ${key}: it has a tombstone and keeps its history.`);

async function purge() {
  if (!keyInput.reportValidity()) return;
  const sure = await confirmed({
    title: `Purge ${keyInput.value}?`,
    text: "This removes the key and its history, and cannot be undone.",
    yes: "Purge the key",
  });
  if (sure) await remove("purge", (key) => `Purged ${key} and its history.`);
}

/** Opens a key in the form. @param {string} key */
export function openKey(key) {
  keyInput.value = key;
  keyInput.dispatchEvent(new Event("change"));
  return get();
}

/** Updates the form after a change of its key. @param {import("./session.js").KVWatchEvent} event */
function follow(event) {
  const mine = Number(revision.value);
  if (event.key !== keyInput.value || revision.value === "" || event.revision <= mine) return;
  if (event.operation === "put" && !isTouched()) {
    fill(event, event.revision, `written by another client just now${expiry(event)}`);
  } else {
    const gone = event.operation === "delete" && event.reason === "expired" ? "expired" : "deleted";
    const what = event.operation === "put" ? `at revision ${event.revision}` : gone;
    casHint.textContent = `This key is now ${what}: an update from ${mine} will be refused.`;
  }
}

export function startEntry() {
  on("bucket", () => {
    form.reset();
    facts.textContent = "";
    casHint.textContent = usualHint;
    last = { text: "", format: "json" };
    shown.clear();
  });
  on("event", follow);
  keyInput.addEventListener("input", () => {
    // The revision belongs to the key that was read.
    revision.value = "";
    facts.textContent = "";
    casHint.textContent = usualHint;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    put();
  });
  value.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  for (const [id, work] of /** @type {const} */ ([
    ["do-get", get],
    ["do-create", create],
    ["do-update", update],
    ["do-delete", tombstone],
    ["do-purge", purge],
  ])) {
    byId(id, HTMLButtonElement).addEventListener("click", work);
  }
}
