import { startBucketInfo } from "./bucket-info.js";
import { showSnippet } from "./code.js";
import { byId, coalesce, element } from "./dom.js";
import { choiceList } from "./list.js";
import { outcome } from "./outcome.js";
import { isPulled } from "./plug.js";
import { fillBucket, manyKeys, sampleKeys } from "./samples.js";
import { currentPlace, emit, kv, on, openBucket, useBucket } from "./session.js";
import { createBucketSnippet, viewSnippet } from "./snippets.js";

/** @typedef {import("@ironflow/browser").KVBucketInfo} KVBucketInfo */

const list = choiceList(byId("bucket-list", HTMLUListElement), (name) => {
  useBucket(name);
  showSnippet(viewSnippet());
});
const none = byId("no-buckets", HTMLParagraphElement);
const form = byId("bucket-form", HTMLFormElement);
const name = byId("bucket-name", HTMLInputElement);
const shown = outcome(byId("bucket-outcome", HTMLDivElement));

/** The number of listings so far, so that a late response cannot replace a newer one. */
let listings = 0;

async function refresh() {
  // Requests are expected to fail while the plug is pulled.
  if (isPulled() || !currentPlace()) return;
  listings += 1;
  const mine = listings;
  try {
    const buckets = await kv().listBuckets();
    if (mine !== listings) return;
    emit("answered", undefined);
    show(buckets);
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
      const messages = info.values.toLocaleString("en");
      const count = element("small", {}, messages);
      count.append(element("span", { class: "visually-hidden" }, " messages"));
      return { name: info.name, content: [element("span", {}, info.name), count] };
    }),
  );
  list.choose(openBucket());
  emit("buckets", sorted);
}

/** The bucket options that the form contains. */
function settings() {
  const number = (/** @type {string} */ id) => {
    const { value, valueAsNumber } = byId(id, HTMLInputElement);
    return value === "" ? undefined : valueAsNumber;
  };
  const description = byId("bucket-description", HTMLInputElement).value.trim();
  const all = {
    name: name.value.trim(),
    description: description || undefined,
    history: number("bucket-history"),
    ttlSeconds: number("bucket-ttl"),
    maxValueSize: number("bucket-value-size"),
    maxBytes: number("bucket-bytes"),
  };
  const given = Object.entries(all).filter(([, value]) => value !== undefined);
  return /** @type {typeof all} */ (Object.fromEntries(given));
}

async function create() {
  const config = settings();
  showSnippet(createBucketSnippet(config));
  try {
    await kv().createBucket(config);
    form.reset();
    shown.succeeded(`Created bucket ${config.name}.`);
    useBucket(config.name);
    emit("changed", undefined);
  } catch (error) {
    shown.failed(error, "bucket");
  }
}

/** Creates a bucket and fills it. @param {string} base @param {Iterable<[string, unknown]>} entries */
async function createFilled(base, entries) {
  try {
    const client = kv();
    const taken = new Set((await client.listBuckets()).map((info) => info.name));
    let fresh = base;
    for (let n = 2; taken.has(fresh); n += 1) fresh = `${base}-${n}`;
    const config = { name: fresh, history: 5 };
    showSnippet(createBucketSnippet(config));
    await client.createBucket(config);
    emit("changed", undefined);
    useBucket(fresh);
    const many = await fillBucket(client.bucket(fresh), entries, (soFar) =>
      shown.succeeded(`Filling bucket ${fresh}: ${soFar.toLocaleString("en")} keys…`),
    );
    shown.succeeded(`Created bucket ${fresh} with ${many.toLocaleString("en")} keys.`);
    emit("changed", undefined);
  } catch (error) {
    shown.failed(error, "bucket");
  }
}

export function startBuckets() {
  startBucketInfo(shown);
  const soon = coalesce(150, refresh);
  on("connected", () => {
    shown.clear();
    refresh();
  });
  on("bucket", () => {
    list.choose(openBucket());
    byId("new-bucket", HTMLDetailsElement).open = openBucket() === undefined;
    soon();
  });
  on("changed", soon);
  on("event", coalesce(1500, refresh));
  byId("refresh-buckets", HTMLButtonElement).addEventListener("click", refresh);
  const samples = /** @type {const} */ ([
    ["create-first", "demo", () => Object.entries(sampleKeys)],
    ["create-sample", "demo", () => Object.entries(sampleKeys)],
    ["create-many", "devices", () => manyKeys(10_000)],
    ["create-most", "devices", () => manyKeys(100_000)],
  ]);
  for (const [id, base, entries] of samples) {
    byId(id, HTMLButtonElement).addEventListener("click", () => createFilled(base, entries()));
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    create();
  });
  // Another tab may have created or deleted a bucket meanwhile.
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") refresh();
  });
}
