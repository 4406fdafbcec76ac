import { isRetryable } from "@ironflow/browser";
import { byId, coalesce, element, setText } from "./dom.js";
import { describe } from "./outcome.js";
import { filter, on, openBucket } from "./session.js";
import { preview } from "./values.js";

/** @typedef {import("./session.js").KVWatchEvent} KVWatchEvent */
/** @typedef {{ time: Date, event: KVWatchEvent } | { time: Date, cells: HTMLElement[] }} Line */

const ROWS = 200;

const log = byId("watch-log", HTMLOListElement);
const empty = byId("watch-empty", HTMLParagraphElement);
const pause = byId("watch-pause", HTMLButtonElement);
const chip = byId("watch-chip", HTMLParagraphElement);

/** The lines that the log does not show yet, oldest first, at most ROWS. @type {Line[]} */
let waiting = [];
/** The number of lines added since the log was paused. */
let missed = 0;
let paused = false;
/** @type {import("./session.js").Live["state"]} */
let state;
/** Whether the log has reported the lost connection. */
let lost = false;

/** @param {KVWatchEvent} event */
function cellsOf(event) {
  const value = event.operation === "put" ? preview(event) : "";
  const reason = event.operation === "delete" ? event.reason : undefined;
  const badges = [event.operation, reason, event.resynced ? "resynced" : undefined];
  return [
    element(
      "span",
      { class: "badges" },
      ...badges.flatMap((badge) =>
        badge ? [element("span", { class: `badge ${badge}` }, badge)] : [],
      ),
    ),
    element("span", { class: "mono key" }, event.key),
    element("span", { class: "revision" }, `rev ${event.revision}`),
    element("span", { class: "mono value", title: value }, value),
  ];
}

/** @param {Line} line */
function add(line) {
  waiting.push(line);
  if (waiting.length > ROWS) waiting.shift();
  if (paused) {
    missed += 1;
    setText(pause, `Resume, ${missed.toLocaleString("en")} new`);
  } else soon();
}

/** @param {...HTMLElement} cells */
const addNote = (...cells) => add({ time: new Date(), cells });

function show() {
  if (paused) return;
  const lines = waiting.reverse().map((line) => {
    const cells = "event" in line ? cellsOf(line.event) : line.cells;
    const time = element("time", {}, line.time.toLocaleTimeString("en-GB"));
    return element("li", {}, time, ...cells);
  });
  waiting = [];
  log.prepend(...lines);
  while (log.childElementCount > ROWS) log.lastElementChild?.remove();
  showEmpty();
}

const soon = coalesce(50, show);

function showEmpty() {
  empty.hidden = log.childElementCount > 0;
  const which = filter() ? `a key that matches ${filter()}` : "a key";
  const waits = `Waiting for a change. Put or delete ${which}, here or in another tab.`;
  setText(empty, state ? waits : "Nothing is watched.");
}

/** @param {boolean} next */
function setPaused(next) {
  paused = next;
  missed = 0;
  pause.textContent = paused ? "Resume" : "Pause";
  showChip();
  if (!paused) show();
}

function clear() {
  waiting = [];
  log.replaceChildren();
  setPaused(paused);
  showEmpty();
}

function showChip() {
  const looks = /** @type {const} */ ({
    connecting: ["busy", "Connecting…"],
    connected: ["on", "Watching"],
    reconnecting: ["busy", "Reconnecting…"],
    disconnected: ["off", "Ended"],
  });
  const [look, words] = state ? looks[state] : /** @type {const} */ (["idle", "Stopped"]);
  chip.dataset.state = paused ? "idle" : look;
  setText(chip, paused ? "Paused" : words);
}

export function startLog() {
  pause.addEventListener("click", () => setPaused(!paused));
  byId("watch-clear", HTMLButtonElement).addEventListener("click", clear);
  on("event", (event) => add({ time: new Date(), event }));
  on("live", (live) => {
    state = live.state;
    showChip();
    showEmpty();
    if (state !== "connected" || !lost) return;
    lost = false;
    addNote(
      element("span", { class: "badge good" }, "connected"),
      element("span", { class: "note" }, "Reconnected; the changes made meanwhile follow."),
    );
  });
  on("problem", (error) => {
    const again = lost && isRetryable(error);
    lost = isRetryable(error);
    if (!again) addNote(element("div", { class: "failure" }, ...describe(error, "watch")));
  });
  on("bucket", () => {
    lost = false;
    clear();
    if (openBucket() !== undefined) setPaused(false);
  });
}
