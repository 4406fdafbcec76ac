import { isIronflowError } from "@ironflow/browser";
import { showSnippet } from "./code.js";
import { diff } from "./diff.js";
import { button, byId, coalesce, element, setText } from "./dom.js";
import { outcome } from "./outcome.js";
import { bucket, emit, on, openBucket } from "./session.js";
import { historySnippet, putBackSnippet } from "./snippets.js";
import { decode } from "./values.js";

/** The revisions that the bucket keeps of a key, each compared with the one before. */

/** @typedef {import("@ironflow/browser").KVHistoryEntry} KVHistoryEntry */

const panel = byId("history", HTMLDetailsElement);
const list = byId("revisions", HTMLOListElement);
const hint = byId("history-hint", HTMLParagraphElement);
const keyInput = byId("key", HTMLInputElement);
const shown = outcome(byId("entry-outcome", HTMLDivElement));

/** Incremented with each read: an earlier read that completes later is ignored. */
let reads = 0;
/** The key whose revisions are shown. */
let key = "";
/** Opens a key in the form. @type {(key: string) => Promise<void>} */
let openKey = async () => {};

/** The value as text, empty for a deleted key. @param {KVHistoryEntry | undefined} entry */
const textOf = (entry) => (entry?.operation === "put" ? decode(entry).text : "");

/** @param {KVHistoryEntry} entry @param {KVHistoryEntry | undefined} before @param {number} last */
function item(entry, before, last) {
  const { operation, reason, revision, created_at } = entry;
  const badges = [operation, ...(reason ? [reason] : [])];
  const head = element(
    "div",
    { class: "revision-head" },
    ...badges.map((badge) => element("span", { class: `badge ${badge}` }, badge)),
    element("span", { class: "revision" }, `rev ${revision}`),
    element("time", { datetime: created_at }, new Date(created_at).toLocaleString()),
  );
  if (operation === "put" && revision !== last) {
    const put = button("Put back", () => putBack(entry, last), "quiet");
    put.setAttribute("aria-label", `Put back revision ${revision}`);
    head.append(put);
  }
  const lines = diff(before ? textOf(before) : textOf(entry), textOf(entry));
  const text = lines.map(({ change, text }) =>
    element(change === "kept" ? "span" : change === "added" ? "ins" : "del", {}, text || " "),
  );
  return element("li", {}, head, element("div", { class: "diff mono" }, ...text));
}

/** @param {readonly KVHistoryEntry[]} entries ascending */
function show(entries) {
  const last = entries.at(-1)?.revision ?? 0;
  list.replaceChildren(...entries.map((entry, i) => item(entry, entries[i - 1], last)).reverse());
  setText(hint, explain(entries.length));
}

/** @param {number} count */
function explain(count) {
  if (count > 1) return "Newest first. Each revision is compared with the one before.";
  if (count === 0) return "The bucket keeps no revision of this key.";
  return "The bucket keeps one revision of this key. A bucket with a history keeps more.";
}

/** Clears the revisions of another key. */
function clear() {
  if (key === keyInput.value) return;
  key = keyInput.value;
  list.replaceChildren();
  setText(hint, "");
}

async function read() {
  clear();
  reads += 1;
  const mine = reads;
  if (!panel.open || key === "" || openBucket() === undefined) return;
  try {
    const entries = await bucket().history(key);
    if (mine === reads) show(entries);
  } catch (error) {
    if (mine === reads) shown.failed(error, "get");
  }
}

/**
 * Writes the value of an older revision, if the key has not changed since the history was read.
 *
 * @param {KVHistoryEntry} entry
 * @param {number} last
 */
async function putBack(entry, last) {
  const { revision } = entry;
  try {
    const written = await bucket().update(entry.key, entry.bytes(), last);
    await openKey(entry.key);
    const now = `it is at revision ${written.revision}`;
    shown.succeeded(`Put revision ${revision} of ${entry.key} back: ${now}.`);
    showSnippet(putBackSnippet(entry.key, revision, last));
    emit("changed", undefined);
  } catch (error) {
    const conflict = isIronflowError(error) && error.code === "HTTP_412";
    const remedy = conflict ? { label: "Read the history again", run: read } : undefined;
    shown.failed(error, "update", remedy);
  }
}

/** @param {(key: string) => Promise<void>} open opens a key in the form */
export function startHistory(open) {
  openKey = open;
  const soon = coalesce(60, read);
  panel.addEventListener("toggle", () => {
    if (panel.open && keyInput.value !== "") showSnippet(historySnippet(keyInput.value));
    read();
  });
  keyInput.addEventListener("input", clear);
  keyInput.addEventListener("change", soon);
  on("bucket", () => {
    panel.open = false;
    key = "";
    list.replaceChildren();
  });
  on("event", (event) => {
    if (panel.open && event.key === keyInput.value) soon();
  });
}
