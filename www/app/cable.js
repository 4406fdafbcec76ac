import { showSnippet } from "./code.js";
import { byId, setText } from "./dom.js";
import { isPulled, plugIn, pullPlug } from "./plug.js";
import { currentPlace, emit, on } from "./session.js";
import { watchSnippet } from "./snippets.js";

/** The switch of the plug, and what comes of it. */

const toggle = byId("plug", HTMLButtonElement);
const words = byId("plug-words", HTMLParagraphElement);

/** How it went, since the plug was last pulled. */
const outage = { since: 0, seconds: 0, written: 0, resynced: 0, over: true };

function show() {
  const memory = currentPlace()?.kind === "memory";
  toggle.disabled = memory || !currentPlace();
  toggle.setAttribute("aria-checked", String(isPulled()));
  setText(words, memory ? noPlug : isPulled() ? whileOut() : outage.since ? afterwards() : usual);
}

const usual =
  "Cuts this page off. Another client goes on: watch the table fall behind, then catch up.";
const noPlug =
  "A store in this tab has no plug: there is no connection to cut. Connect to a server.";

function whileOut() {
  const seconds = Math.round((Date.now() - outage.since) / 1000);
  const told = outage.written ? ` The other client has written ${outage.written} times since.` : "";
  return `This page has been cut off for ${seconds} s.${told}`;
}

function afterwards() {
  const after = `It was out for ${outage.seconds} s.`;
  if (!outage.over) return `${after} Reconnecting…`;
  const keys = outage.resynced === 1 ? "1 change was" : `${outage.resynced} changes were`;
  return `${after} Back: ${keys} found by reading, and told as resynced.`;
}

export function startCable() {
  toggle.addEventListener("click", () => {
    if (isPulled()) {
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
    show();
  });
  on("live", ({ state }) => {
    if (state === "connected") outage.over = true;
    show();
  });
  on("connected", () => {
    // Whoever connects wants a connection.
    if (isPulled()) plugIn();
    outage.since = 0;
    show();
  });
  setInterval(() => isPulled() && show(), 500);
  show();
}
