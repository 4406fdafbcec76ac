import { byId, setText } from "./dom.js";
import { isPulled } from "./plug.js";
import { on } from "./session.js";

/**
 * The number of events in each of the last sixty seconds.
 *
 * @typedef {object} Second
 * @property {number} put
 * @property {number} delete
 * @property {number} resynced  puts and deletes that a resync emitted
 * @property {boolean} lost     whether the page was disconnected for a part of it
 */

const SECONDS = 60;
const WIDTH = 10;
const HEIGHT = 100;
const SERIES = /** @type {const} */ (["put", "delete", "resynced"]);

const chart = byId("chart", SVGSVGElement);
const top = byId("chart-top", HTMLElement);

/** @returns {Second} */
const quiet = () => ({ put: 0, delete: 0, resynced: 0, lost: false });
/** The last minute, newest last. */
let seconds = Array.from({ length: SECONDS }, quiet);
let connected = true;

const total = (/** @type {Second} */ second) => second.put + second.delete + second.resynced;

/** @param {string} kind @param {number} x */
function bar(kind, x) {
  const rect = document.createElementNS("http://www.w3.org/2000/svg", "rect");
  rect.setAttribute("class", kind);
  rect.setAttribute("x", String(x));
  rect.setAttribute("width", String(kind === "lost" ? WIDTH : WIDTH - 2));
  chart.append(rect);
  return rect;
}

const gaps = seconds.map((_, i) => bar("lost", i * WIDTH));
const bars = seconds.map((_, i) => SERIES.map((kind) => bar(kind, i * WIDTH + 1)));

/** The upper end of the scale: 5, 10, 20, 50, 100 and so on. @param {number} most */
function scaleFor(most) {
  for (let power = 1; ; power *= 10) {
    for (const step of [1, 2, 5]) if (step * power >= Math.max(5, most)) return step * power;
  }
}

function draw() {
  const most = Math.max(...seconds.map(total));
  const scale = scaleFor(most);
  for (const [i, second] of seconds.entries()) {
    gaps[i]?.setAttribute("height", second.lost ? String(HEIGHT) : "0");
    let base = HEIGHT;
    for (const [j, kind] of SERIES.entries()) {
      const height = (second[kind] / scale) * HEIGHT;
      base -= height;
      bars[i]?.[j]?.setAttribute("y", String(base));
      bars[i]?.[j]?.setAttribute("height", String(height));
    }
  }
  setText(top, `${scale.toLocaleString("en")} per second`);
  const all = seconds.reduce((sum, second) => sum + total(second), 0);
  const resynced = seconds.reduce((sum, second) => sum + second.resynced, 0);
  const label = `Events in the last minute: ${all}, at most ${most} in a second, ${resynced} of them resynced`;
  chart.setAttribute("aria-label", label);
}

function tick() {
  seconds = [...seconds.slice(1), { ...quiet(), lost: !connected }];
  if (document.visibilityState === "visible") draw();
}

export function startChart() {
  on("event", ({ operation, resynced }) => {
    const second = seconds.at(-1);
    if (second) second[resynced ? "resynced" : operation] += 1;
  });
  on("live", ({ state }) => {
    connected = state !== "reconnecting";
    const second = seconds.at(-1);
    if (second && !connected) second.lost = true;
  });
  on("bucket", () => {
    connected = !isPulled();
    seconds = Array.from({ length: SECONDS }, quiet);
    draw();
  });
  setInterval(tick, 1000);
  draw();
}
