import { byId, confirmed, debounce, element } from "./dom.js";
import { choiceList } from "./list.js";
import { outcome } from "./outcome.js";
import { announceAnswer, announceChange, kv, on, openBucket, useBucket } from "./session.js";

/** @typedef {import("@ironflow/browser").KVBucketInfo} KVBucketInfo */

const list = choiceList(byId("bucket-list", HTMLUListElement), useBucket);
const none = byId("no-buckets", HTMLParagraphElement);
const form = byId("bucket-form", HTMLFormElement);
const nameInput = byId("bucket-name", HTMLInputElement);
const history = byId("bucket-history", HTMLInputElement);
const ttl = byId("bucket-ttl", HTMLInputElement);
const shown = outcome(byId("bucket-outcome", HTMLDivElement));

/** Counts the listings, so that a late answer cannot replace a newer one. */
let listings = 0;

async function refresh() {
  listings += 1;
  const mine = listings;
  try {
    const buckets = (await kv()?.listBuckets()) ?? [];
    if (mine !== listings) return;
    announceAnswer();
    show(buckets);
    const open = openBucket();
    if (open !== undefined && !buckets.some(({ name }) => name === open)) useBucket(undefined);
  } catch (error) {
    if (mine === listings) shown.failed(error, "bucket");
  }
}

/** @param {KVBucketInfo[]} buckets */
function show(buckets) {
  none.hidden = buckets.length > 0;
  const sorted = [...buckets].sort((a, b) => a.name.localeCompare(b.name));
  list.show(
    sorted.map((info) => {
      const label = `Delete the bucket ${info.name}`;
      const attributes = { type: "button", class: "quiet danger", "aria-label": label };
      const remove = element("button", attributes, "Delete");
      remove.addEventListener("click", () => deleteBucket(info));
      return {
        name: info.name,
        content: [element("span", { class: "name" }, info.name), element("small", {}, facts(info))],
        beside: remove,
      };
    }),
  );
}

/** @param {KVBucketInfo} info */
function facts(info) {
  const parts = [`${info.values} ${info.values === 1 ? "message" : "messages"}`];
  if (info.history > 1) parts.push(`history ${info.history}`);
  if (info.ttl_seconds) parts.push(`lives ${info.ttl_seconds} s`);
  // A line may break between the facts, not within one.
  return parts.map((part) => part.replaceAll(" ", "\u00a0")).join(" · ");
}

async function createBucket() {
  const name = nameInput.value.trim();
  try {
    await kv()?.createBucket({
      name,
      ...(history.value && { history: history.valueAsNumber }),
      ...(ttl.value && { ttlSeconds: ttl.valueAsNumber }),
    });
    form.reset();
    shown.succeeded(`Bucket ${name} is there.`);
    useBucket(name);
    announceChange();
  } catch (error) {
    shown.failed(error, "bucket");
  }
}

/** @param {KVBucketInfo} info */
async function deleteBucket({ name }) {
  const sure = await confirmed({
    title: `Delete ${name}?`,
    text: "Its keys and their history go with it. This cannot be undone.",
    yes: "Delete the bucket",
  });
  if (!sure) return;
  try {
    await kv()?.deleteBucket(name);
    shown.succeeded(`Bucket ${name} is deleted.`);
    if (openBucket() === name) useBucket(undefined);
  } catch (error) {
    shown.failed(error, "bucket");
  }
  announceChange();
}

/** The keys of the pattern table in the documentation, so that every filter has something to show. */
const sampleKeys = {
  "user.123": { name: "Alice", role: "admin" },
  "user.456": { name: "Bob", role: "reader" },
  "user.123.name": "Alice",
  "user:123": { note: "one token: a colon does not separate" },
  "config.feature-flags": { darkMode: true, betaAccess: false },
  flag: true,
};

async function createSample() {
  try {
    const client = kv();
    if (!client) return;
    const taken = new Set((await client.listBuckets()).map((info) => info.name));
    let name = "demo";
    for (let n = 2; taken.has(name); n += 1) name = `demo-${n}`;
    await client.createBucket({ name, history: 5 });
    const bucket = client.bucket(name);
    for (const [key, value] of Object.entries(sampleKeys)) await bucket.put(key, value);
    shown.succeeded(`Bucket ${name} is there, with ${Object.keys(sampleKeys).length} keys.`);
    useBucket(name);
    announceChange();
  } catch (error) {
    shown.failed(error, "bucket");
  }
}

export function startBuckets() {
  const soon = debounce(200, refresh);
  on("connected", () => {
    shown.clear();
    refresh();
  });
  on("bucket", () => list.choose(openBucket()));
  on("changed", soon);
  on("event", soon);
  byId("refresh-buckets", HTMLButtonElement).addEventListener("click", refresh);
  byId("create-sample", HTMLButtonElement).addEventListener("click", createSample);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    createBucket();
  });
  // Another tab may have created or deleted one meanwhile.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh();
  });
}
