import { createClient, IronflowError } from "@ironflow/browser";
import { indexedDBStorage } from "@ironflow/browser/offline";
import { askAbout, removeEnded } from "./conflict.js";
import { button, byId, element, setText } from "./dom.js";
import { outcome } from "./outcome.js";
import { isPulled } from "./plug.js";
import { showEntries } from "./queue-list.js";
import { currentPlace, on, openBucket, optionsOf } from "./session.js";

/**
 * Notes that can be written offline: a client with an outbox, and what waits in it.
 *
 * @typedef {import("@ironflow/browser").IronflowClient & import("@ironflow/browser").WithOutbox} IronflowClient
 * @typedef {import("@ironflow/browser").KVView} KVView
 */

const panel = byId("queue", HTMLElement);

/** Each tab has an outbox of its own, as a device has. The name of its window survives a reload. */
function scopeOfTab() {
  window.name ||= `tab-${String(Math.random()).slice(2)}`;
  return window.name;
}

const count = element("p", { class: "count", id: "queue-count", role: "status" });
const toggle = element("button", { type: "button", role: "switch" }, "Go offline");
const words = element("p", { class: "hint" });
const note = element(
  "select",
  {},
  ...["today", "tomorrow", "ideas"].map((name) => element("option", {}, `note.${name}`)),
);
const text = element("input", { type: "text", autocomplete: "off" });
const state = element("p", { class: "hint", id: "queue-note" });
const saver = element("button", { type: "submit", class: "primary" }, "Save note");
const form = element(
  "form",
  { class: "stack" },
  element("label", { class: "field aside" }, element("span", {}, "Note"), note),
  element("label", { class: "field aside" }, element("span", {}, "Text"), text),
  state,
  element(
    "div",
    { class: "actions" },
    saver,
    button("Delete note", () => write("delete")),
  ),
);
const list = element("ol", { class: "queued", "aria-label": "Queued writes" });
const sender = button("Send now", () => client?.outbox.flush(), "small");
const conflicts = element("div", { class: "stack", "aria-live": "polite" });
const area = element("div", { class: "outcome", role: "status" });
const shown = outcome(area);

/** @type {IronflowClient | undefined} */
let client;
/** @type {KVView | undefined} */
let view;
/** Whether the text was changed since it was shown. */
let typed = false;

function show() {
  const outbox = client?.outbox;
  toggle.setAttribute("aria-checked", String(isPulled()));
  const size = outbox?.size ?? 0;
  const waiting = size === 1 ? "1 write is queued" : `${size} writes are queued`;
  setText(count, size ? waiting : "Nothing is queued");
  setText(words, isPulled() ? offline : online);
  sender.hidden = size === 0;
  if (outbox) showEntries(list, outbox);
  removeEnded(conflicts, new Set(waitingIn(outbox).map(({ id }) => id)));
  const entry = view?.get(note.value);
  if (!typed) text.value = entry?.text() ?? "";
  setText(state, entry ? stateOf(entry) : "There is no such note.");
}

const online = "Writes are sent at once. Open a second tab to edit the same note there.";
const offline = "Writes are kept in this browser, also if you reload the page, and sent later.";

/** @param {{ pending?: boolean, revision: number }} entry */
const stateOf = ({ pending, revision }) =>
  pending ? `Not saved yet, based on revision ${revision}.` : `Saved as revision ${revision}.`;

/** The writes that wait to be sent. @param {IronflowClient["outbox"] | undefined} outbox */
const waitingIn = (outbox) => outbox?.entries().filter(({ error }) => !error) ?? [];

/**
 * The id of the write of a conflict: the first of its key.
 *
 * @param {{ bucket: string, key: string }} conflict
 */
function idOf({ bucket, key }) {
  const { serverUrl } = client?.getConfig() ?? {};
  const isOf = (/** @type {{ serverUrl: string, bucket: string, key: string }} */ entry) =>
    entry.serverUrl === serverUrl && entry.bucket === bucket && entry.key === key;
  return waitingIn(client?.outbox).find(isOf)?.id;
}

/** Connects to the page's server, with an outbox. What needs an API key is not kept. */
function connect() {
  view?.stop();
  view = undefined;
  client?.disconnect();
  client = undefined;
  conflicts.replaceChildren();
  const place = currentPlace();
  if (!place || place.kind === "memory" || place.options.auth) return;
  client = createClient({
    ...optionsOf(place),
    outbox: indexedDBStorage({ name: "demo-outbox", scope: scopeOfTab() }),
    onConflict: (conflict) => askAbout(conflicts, idOf(conflict), conflict),
  });
  client.outbox.subscribe(show);
}

/** Opens the note of the open bucket. */
function open() {
  view?.stop();
  view = undefined;
  typed = false;
  shown.clear();
  const name = openBucket();
  panel.hidden = !client || name === undefined;
  if (client && name !== undefined) {
    view = client.kv().bucket(name).view({ key: note.value });
    view.ready.catch(() => {});
    view.subscribe(show);
  }
  show();
}

/** @param {"put" | "delete"} operation */
async function write(operation) {
  const name = openBucket();
  if (!client || name === undefined) return;
  const handle = client.kv().bucket(name);
  const key = note.value;
  const mine = text.value;
  typed = false;
  shown.clear();
  try {
    if (operation === "put") await handle.put(key, mine);
    else await handle.delete(key);
    shown.succeeded(operation === "put" ? `Saved ${key}.` : `Deleted ${key}.`);
  } catch (error) {
    // What the server does not take is not lost.
    const isRefused = error instanceof IronflowError && ![undefined, 412].includes(error.status);
    if (isRefused && operation === "put" && note.value === key && !typed) {
      typed = true;
      text.value = mine;
    }
    shown.failed(error, operation);
  }
}

export function startQueue() {
  panel.append(
    element("div", { class: "panel-head" }, element("h2", { id: "queue-title" }, "Outbox"), count),
    element("div", { class: "switch-row" }, toggle, words),
    form,
    area,
    conflicts,
    list,
    sender,
  );
  toggle.addEventListener("click", () => byId("plug", HTMLButtonElement).click());
  note.addEventListener("change", open);
  text.addEventListener("input", () => {
    typed = true;
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    write("put");
  });
  on("connected", connect);
  on("bucket", open);
  on("plug", show);
  // The ages change, but not under the pointer of a person who is about to press.
  setInterval(() => client?.outbox.size && !list.matches(":hover") && show(), 1000);
}
