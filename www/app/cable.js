import { showSnippet } from "./code.js";
import { byId, setText } from "./dom.js";
import { isPulled, plugIn, pullPlug, traffic } from "./plug.js";
import { currentPlace, emit, on } from "./session.js";
import { watchSnippet } from "./snippets.js";

/** The switch that pulls the plug, and a report of the outage. */

const toggle = byId("plug", HTMLButtonElement);
const words = byId("plug-words", HTMLParagraphElement);

/** The last outage. */
const outage = { since: 0, seconds: 0, written: 0, resynced: 0, over: true };
/** What there was before the reconnect, and what it has cost. */
let before = { ...traffic };
let cost = "";

function show() {
  const memory = currentPlace()?.kind === "memory";
  toggle.disabled = memory || !currentPlace();
  toggle.setAttribute("aria-checked", String(isPulled()));
  setText(words, memory ? noPlug : isPulled() ? whileOut() : outage.since ? afterwards() : usual);
}

const usual =
  "Disconnects this page. The other client continues: watch the table become stale, then resync.";
const noPlug = "A store in this tab has no connection to cut. Connect to a server.";

function whileOut() {
  const seconds = Math.round((Date.now() - outage.since) / 1000);
  const writes = outage.written ? ` The other client has written ${outage.written} times.` : "";
  return `This page has been disconnected for ${seconds} s.${writes}`;
}

function afterwards() {
  const after = `This page was disconnected for ${outage.seconds} s.`;
  if (!outage.over) return `${after} Reconnecting…`;
  const keys = plural(outage.resynced, "change");
  return `${after} Reconnected: the resync emitted ${keys}, marked as resynced. This page took ${cost}.`;
}

/** @param {number} count @param {string} one */
const plural = (count, one) => `${count} ${count === 1 ? one : `${one}s`}`;

/** Takes what was sent so far as the cost of the reconnect. */
function noteCost() {
  const requests = plural(traffic.requests - before.requests, "request");
  cost = `${requests} and ${plural(traffic.frames - before.frames, "frame")}`;
}

export function startCable() {
  toggle.addEventListener("click", () => {
    if (isPulled()) {
      before = { ...traffic };
      outage.seconds = Math.round((Date.now() - outage.since) / 1000);
      plugIn();
    } else {
      Object.assign(outage, { since: Date.now(), written: 0, resynced: 0, over: false });
      pullPlug();
      showSnippet(watchSnippet());
    }
    emit("plug", isPulled());
    show();
  });
  on("written", () => {
    outage.written += 1;
  });
  on("event", ({ resynced }) => {
    if (!resynced) return;
    outage.resynced += 1;
    noteCost();
    show();
  });
  on("live", ({ state }) => {
    if (state === "connected") {
      outage.over = true;
      noteCost();
    }
    show();
  });
  on("connected", () => {
    // A new connection needs the plug.
    if (isPulled()) plugIn();
    outage.since = 0;
    show();
  });
  setInterval(() => isPulled() && show(), 500);
  show();
}
