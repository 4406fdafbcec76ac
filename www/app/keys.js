import { ago, learnAges, writtenAt } from "./ages.js";
import { byId, coalesce, setText } from "./dom.js";
import { currentView } from "./feed.js";
import { virtualGrid } from "./grid.js";
import { showNotice } from "./notice.js";
import { filter, on, openBucket } from "./session.js";
import { preview } from "./values.js";

/** @typedef {import("@ironflow/browser").KVViewEntry} KVViewEntry */

const count = byId("key-count", HTMLParagraphElement);
const progress = byId("key-progress", HTMLProgressElement);
const empty = byId("no-keys", HTMLParagraphElement);
const grid = byId("key-grid", HTMLDivElement);
/** @type {"key" | "revision"} */
let order = "key";
/** The keys in the order of the view. @type {string[]} */
let known = [];
/** The keys in the order of the table. @type {string[]} */
let sorted = [];
/** The time to live of the open bucket's values, in milliseconds. */
let lifetime = Number.POSITIVE_INFINITY;
/** The entry that each line shows, to highlight changes. @type {WeakMap<HTMLDivElement, KVViewEntry>} */
const shown = new WeakMap();
const calm = matchMedia("(prefers-reduced-motion: reduce)");

/** @param {string} name @param {HTMLDivElement[]} cells @param {HTMLDivElement} line */
function fill(name, [key, value, revision, age], line) {
  const entry = currentView()?.get(name);
  if (!entry || !key || !value || !revision || !age) return;
  const before = shown.get(line);
  if (before !== entry) {
    shown.set(line, entry);
    setText(key, name);
    setText(value, preview(entry));
    setText(revision, String(entry.revision));
    if (before?.key === name && before.revision !== entry.revision && !calm.matches) {
      line.animate({ backgroundColor: ["var(--fresh)", "transparent"] }, 1200);
    }
  }
  const at = writtenAt(entry);
  const passed = at === undefined ? undefined : Date.now() - at;
  const expired = passed !== undefined && passed > lifetime;
  setText(age, passed === undefined ? "…" : expired ? "expired" : ago(passed));
  line.classList.toggle("expired", expired);
}

/** @param {string[]} names */
async function learn(names) {
  const view = currentView();
  if (!view) return;
  await learnAges(names.flatMap((name) => view.get(name) ?? []));
  if (view === currentView()) table.redraw();
}

/** Called with the key that a person picks. @type {(key: string) => void} */
let openKey = () => {};

const table = virtualGrid(grid, {
  label: "Keys",
  columns: [
    { title: "Key", look: "key mono", sort: () => sortBy("key") },
    { title: "Value", look: "value mono" },
    { title: "Revision", look: "revision", sort: () => sortBy("revision") },
    { title: "Age", look: "age" },
  ],
  fill,
  open: (name) => openKey(name),
  seen: learn,
});

/** Sorts the keys if their order may have changed. */
function sort() {
  const view = currentView();
  const keys = view?.keys() ?? [];
  if (order === "revision") {
    const newest = [...(view?.entries() ?? [])].sort((a, b) => b.revision - a.revision);
    sorted = newest.map(({ key }) => key);
  } else if (keys.length !== known.length || keys.some((key, i) => key !== known[i])) {
    sorted = [...keys].sort();
  }
  known = keys;
}

function refresh() {
  const view = currentView();
  sort();
  // A hidden grid has no height, so it would draw no rows.
  grid.hidden = sorted.length === 0;
  table.show(sorted);
  const loading = view?.status === "loading";
  const failed = showNotice();
  empty.hidden = failed || sorted.length > 0;
  empty.classList.toggle("loading", loading);
  setText(empty, whyEmpty(loading));
  const many = sorted.length.toLocaleString("en");
  const state = loading
    ? " so far…"
    : view?.status === "stale"
      ? " from the last visit; syncing…"
      : "";
  const keys = `${many} ${sorted.length === 1 ? "key" : "keys"}${state}`;
  setText(count, view && !failed ? keys : "");
  progress.hidden = !loading || failed;
  const { loaded = 0, total = 0 } = view?.progress ?? {};
  progress.max = Math.max(total, 1);
  progress.value = loaded;
  // A loading view does not notify subscribers of its progress.
  if (loading) look();
}

/** @param {boolean} loading */
function whyEmpty(loading) {
  if (loading) return "Reading the keys…";
  if (!currentView()) return "The filter is not a valid pattern yet.";
  if (filter()) return `No key matches ${filter()}.`;
  return "No keys yet: put the first one.";
}

const look = coalesce(200, refresh);

/** @param {"key" | "revision"} by */
function sortBy(by) {
  order = by;
  known = [];
  if (by === "key") table.sortedBy(0, "ascending");
  else table.sortedBy(2, "descending");
  refresh();
  table.toTop();
}

/** @param {(key: string) => void} open called with the key that a person picks */
export function startKeys(open) {
  openKey = open;
  const soon = coalesce(60, refresh);
  on("view", soon);
  on("live", soon);
  on("bucket", () => {
    byId("keys-bucket", HTMLSpanElement).textContent = openBucket() ?? "";
    lifetime = Number.POSITIVE_INFINITY;
    table.choose(undefined);
    table.toTop();
  });
  on("filter", () => table.toTop());
  on("buckets", (all) => {
    const seconds = all.find(({ name }) => name === openBucket())?.ttl_seconds;
    lifetime = seconds ? seconds * 1000 : Number.POSITIVE_INFINITY;
  });
  table.sortedBy(0, "ascending");
  const key = byId("key", HTMLInputElement);
  key.addEventListener("change", () => table.choose(key.value));
  setInterval(() => document.visibilityState === "visible" && table.redraw(), 1000);
}
