import { isIronflowError } from "@ironflow/browser";
import { byId, confirmed } from "./dom.js";
import { outcome } from "./outcome.js";
import { announceAnswer, announceChange, bucket, on } from "./session.js";
import { decode, encode, formatSize } from "./values.js";

/** @typedef {import("./outcome.js").Operation} Operation */

const form = byId("entry-form", HTMLFormElement);
const keyInput = byId("key", HTMLInputElement);
const value = byId("value", HTMLTextAreaElement);
const format = byId("format", HTMLSelectElement);
const revision = byId("revision", HTMLInputElement);
const facts = byId("entry-facts", HTMLParagraphElement);
const casHint = byId("cas-hint", HTMLParagraphElement);
const usualHint = casHint.textContent ?? "";
const shown = outcome(byId("entry-outcome", HTMLDivElement));

const typed = () => encode(value.value, /** @type {import("./values.js").Format} */ (format.value));

/**
 * Carries out one operation on the key of the form, and shows how it went.
 *
 * @param {Operation} operation
 * @param {(key: string) => Promise<string>} work gives the words for its success
 */
async function perform(operation, work) {
  const key = keyInput.value;
  if (!keyInput.reportValidity()) return;
  form.setAttribute("aria-busy", "true");
  try {
    shown.succeeded(await work(key));
    if (operation === "get") announceAnswer();
    else announceChange();
  } catch (error) {
    const conflict = isIronflowError(error) && error.code === "HTTP_412";
    shown.failed(
      error,
      operation,
      conflict ? { label: "Get what is there now", run: get } : undefined,
    );
  } finally {
    form.removeAttribute("aria-busy");
  }
}

/** @param {number} now */
function wrote(now) {
  revision.value = String(now);
  facts.textContent = `Revision ${now}, written by this page just now.`;
  casHint.textContent = usualHint;
}

const get = () =>
  perform("get", async (key) => {
    const entry = await bucket().get(key);
    const { format: as, text, size } = decode(entry);
    value.value = text;
    format.value = as;
    revision.value = String(entry.revision);
    const when = new Date(entry.created_at).toLocaleString();
    facts.textContent = `Revision ${entry.revision}, ${formatSize(size)}, written ${when}.`;
    casHint.textContent = usualHint;
    return `Got ${key} at revision ${entry.revision}.`;
  });

const put = () =>
  perform("put", async (key) => {
    const written = await bucket().put(key, typed());
    wrote(written.revision);
    return `Put ${key}: it is at revision ${written.revision}.`;
  });

const create = () =>
  perform("create", async (key) => {
    const written = await bucket().create(key, typed());
    wrote(written.revision);
    return `Created ${key} at revision ${written.revision}.`;
  });

const update = () =>
  perform("update", async (key) => {
    if (revision.value === "")
      throw new Error("Update takes the revision you last read. Get the key first.");
    const written = await bucket().update(key, typed(), revision.valueAsNumber);
    wrote(written.revision);
    return `Updated ${key}: nobody else wrote it, and it is at revision ${written.revision}.`;
  });

const remove = () =>
  perform("delete", async (key) => {
    await bucket().delete(key);
    facts.textContent = "";
    return `Deleted ${key}: a tombstone marks it, and its history stays.`;
  });

async function purge() {
  const sure = await confirmed({
    title: `Purge ${keyInput.value}?`,
    text: "The key goes, with every revision of it. This cannot be undone.",
    yes: "Purge the key",
  });
  if (!sure) return;
  await perform("purge", async (key) => {
    await bucket().purge(key);
    facts.textContent = "";
    return `Purged ${key}: nothing of it is left.`;
  });
}

/** Opens a key in the form. @param {string} key */
export function openKey(key) {
  keyInput.value = key;
  keyInput.dispatchEvent(new Event("change"));
  return get();
}

export function startEntry() {
  on("bucket", () => {
    form.reset();
    facts.textContent = "";
    casHint.textContent = usualHint;
    shown.clear();
  });
  on("event", (event) => {
    const mine = Number(revision.value);
    if (event.key !== keyInput.value || revision.value === "" || event.revision <= mine) return;
    casHint.textContent = `This key is at revision ${event.revision} by now: an update from ${mine} will be refused.`;
  });
  keyInput.addEventListener("input", () => {
    // A revision belongs to the key it was read from.
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
    ["do-delete", remove],
    ["do-purge", purge],
  ])) {
    byId(id, HTMLButtonElement).addEventListener("click", work);
  }
}
