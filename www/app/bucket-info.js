import { showSnippet } from "./code.js";
import { button, byId, confirmed, element, setText } from "./dom.js";
import { emit, kv, on, openBucket, useBucket } from "./session.js";
import { deleteBucketSnippet } from "./snippets.js";
import { formatSize } from "./values.js";

/** @typedef {import("@ironflow/browser").KVBucketInfo} KVBucketInfo */

const area = byId("bucket-info", HTMLDivElement);

/** The facts about a bucket, most interesting first. @param {KVBucketInfo} info */
function facts(info) {
  /** @type {[string, string][]} */
  const all = [
    ["Messages", `${info.values.toLocaleString("en")}, ${formatSize(info.bytes)}`],
    ["History", info.history === 1 ? "the newest only" : `${info.history} revisions per key`],
    ["Time to live", info.ttl_seconds ? `${info.ttl_seconds} s` : "for ever"],
    [
      "Created",
      new Date(info.created_at).toLocaleString([], { dateStyle: "short", timeStyle: "short" }),
    ],
  ];
  return info.description ? [["About", info.description], ...all] : all;
}

/** The bucket whose facts are shown. @type {string | undefined} */
let shown;

/** @param {KVBucketInfo | undefined} info */
function show(info) {
  area.hidden = !info;
  if (!info) {
    shown = undefined;
    return;
  }
  const all = facts(info);
  if (shown !== info.name) {
    shown = info.name;
    const list = element("dl", { class: "facts" });
    for (const [term] of all) list.append(element("dt", {}, `${term}`), element("dd"));
    area.replaceChildren(
      list,
      button("Delete this bucket", () => remove(info.name), "danger small start"),
    );
  }
  for (const [i, place] of area.querySelectorAll("dd").entries()) {
    setText(place, all[i]?.[1] ?? "");
  }
}

/** @param {string} name */
async function remove(name) {
  const sure = await confirmed({
    title: `Delete ${name}?`,
    text: "This deletes its keys and their history, and cannot be undone.",
    yes: "Delete the bucket",
  });
  if (!sure) return;
  showSnippet(deleteBucketSnippet(name));
  try {
    await kv().deleteBucket(name);
    report.succeeded(`Bucket ${name} is deleted.`);
    if (openBucket() === name) useBucket(undefined);
  } catch (error) {
    report.failed(error, "bucket");
  }
  emit("changed", undefined);
}

/** Shows the result of a deletion. @type {import("./outcome.js").Outcome} */
let report;

/** @param {import("./outcome.js").Outcome} outcome */
export function startBucketInfo(outcome) {
  report = outcome;
  on("bucket", () => show(undefined));
  on("buckets", (all) => show(all.find(({ name }) => name === openBucket())));
}
