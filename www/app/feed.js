import { kept } from "./kept.js";
import { explain } from "./patterns.js";
import { bucket, emit, filter, isMissing, on, openBucket } from "./session.js";

/**
 * Follows the open bucket: a view of the matching keys, for the table, and a watch of the same keys, for the
 * log and the chart. They share one socket.
 *
 * @typedef {import("@ironflow/browser").KVView} KVView
 * @typedef {import("@ironflow/browser").KVWatcher} KVWatcher
 */

/** @type {KVView | undefined} */
let view;
/** @type {KVWatcher | undefined} */
let watcher;
/** The error because of which an open bucket has no view. @type {unknown} */
let failure;

export const currentView = () => view;
export const viewFailure = () => failure ?? view?.error;

function close() {
  const old = [view, watcher];
  view = undefined;
  watcher = undefined;
  failure = undefined;
  for (const ended of old) ended?.stop();
}

function open() {
  close();
  if (openBucket() !== undefined && !isMissing() && !explain(filter()).problem) {
    try {
      start(filter() ? { key: filter() } : {});
    } catch (error) {
      close();
      failure = error;
    }
  }
  emit("live", { state: watcher?.state });
  emit("view", undefined);
}

/** @param {{ key?: string }} which */
function start(which) {
  const handle = bucket();
  const opened = handle.view({ ...which, ...kept() });
  view = opened;
  // The view's state and error report the same failure.
  opened.ready.catch(() => {});
  follow();
  opened.subscribe(() => {
    if (view !== opened) return;
    // The view reopens by itself, a watch does not.
    if (watcher === undefined && opened.state === "connected") follow();
    emit("view", undefined);
  });

  function follow() {
    const ifCurrent = (/** @type {() => void} */ act) => {
      if (mine === watcher) act();
    };
    /** @type {KVWatcher} */
    const mine = handle.watch(
      {
        onUpdate: (event) => ifCurrent(() => emit("event", event)),
        onStateChange: (state) => ifCurrent(() => emit("live", { state })),
        onError: (error) => ifCurrent(() => emit("problem", error)),
        onClose: () =>
          ifCurrent(() => {
            watcher = undefined;
            emit("live", { state: "disconnected" });
          }),
      },
      which,
    );
    watcher = mine;
    mine.ready.catch(() => {});
  }
}

export function startFeed() {
  on("bucket", open);
  on("filter", open);
}
