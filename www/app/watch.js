import { byId, element } from "./dom.js";
import { describe } from "./outcome.js";
import { announceEvent, bucket, on, openBucket } from "./session.js";
import { decode } from "./values.js";

/** @typedef {import("@ironflow/browser").KVWatcher} KVWatcher */

const ROWS_AT_MOST = 200;

const chip = byId("watch-chip", HTMLParagraphElement);
const pattern = byId("watch-pattern", HTMLInputElement);
const toggle = byId("watch-toggle", HTMLButtonElement);
const log = byId("watch-log", HTMLOListElement);
const empty = byId("watch-empty", HTMLParagraphElement);

/** @type {KVWatcher | undefined} */
let watcher;

function start() {
  stop();
  const key = pattern.value.trim();
  /** @type {KVWatcher | undefined} */
  let mine;
  try {
    mine = bucket().watch(
      {
        onUpdate(event) {
          const text = event.operation === "put" ? decode(event).text.replace(/\s+/g, " ") : "";
          addRow(
            element("span", { class: `badge ${event.operation}` }, event.operation),
            element("span", { class: "mono key" }, event.key),
            element("span", { class: "revision" }, `rev ${event.revision}`),
            element("span", { class: "mono value", title: text }, text),
          );
          announceEvent(event);
        },
        onError(error) {
          addRow(element("div", { class: "failure" }, ...describe(error, "watch")));
        },
        onClose() {
          if (watcher !== mine) return;
          watcher = undefined;
          showState("off", "Ended");
        },
      },
      key ? { key } : {},
    );
    watcher = mine;
    showState("on", "Watching");
  } catch (error) {
    addRow(element("div", { class: "failure" }, ...describe(error, "watch")));
    showState("off", "Ended");
  }
}

function stop() {
  const last = watcher;
  watcher = undefined;
  last?.stop();
  showState("idle", "Stopped");
}

/**
 * @param {"idle" | "on" | "off"} state
 * @param {string} text
 */
function showState(state, text) {
  chip.dataset.state = state;
  chip.textContent = text;
  toggle.textContent = state === "on" ? "Stop" : "Start";
  pattern.disabled = state === "on";
  showEmpty();
}

function showEmpty() {
  empty.hidden = log.childElementCount > 0;
  empty.textContent = watcher
    ? "Waiting for a change. Put or delete a key here, or in another tab on the same server."
    : "Start the watch to see every change as it happens.";
}

/** @param {...HTMLElement} cells */
function addRow(...cells) {
  const time = element("time", {}, new Date().toLocaleTimeString());
  log.prepend(element("li", {}, time, ...cells));
  while (log.childElementCount > ROWS_AT_MOST) log.lastElementChild?.remove();
  showEmpty();
}

function clear() {
  log.replaceChildren();
  showEmpty();
}

export function startWatch() {
  byId("watch-form", HTMLFormElement).addEventListener("submit", (event) => {
    event.preventDefault();
    if (watcher) stop();
    else start();
  });
  byId("watch-clear", HTMLButtonElement).addEventListener("click", clear);
  on("bucket", () => {
    stop();
    clear();
    pattern.value = "";
    if (openBucket() !== undefined) start();
  });
}
