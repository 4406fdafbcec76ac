import { byId, setText } from "./dom.js";
import { currentView } from "./feed.js";
import { isPulled, watchVersion } from "./plug.js";
import { currentPlace, on } from "./session.js";

/** Shows the current state of the connection. */

const chip = byId("connection-chip", HTMLParagraphElement);
const facts = byId("connection-facts", HTMLDListElement);
const transport = byId("fact-transport", HTMLElement);
const environment = byId("fact-environment", HTMLElement);
const watch = byId("fact-watch", HTMLElement);
const fresh = byId("fact-fresh", HTMLElement);

const now = {
  connecting: false,
  unreachable: false,
  /** @type {import("./session.js").Live["state"]} */
  state: undefined,
};

/** @returns {["idle" | "busy" | "on" | "off", string]} */
function inWords() {
  const place = currentPlace();
  if (now.connecting) return ["busy", "Connecting…"];
  if (!place) return ["off", "Not connected"];
  if (place.kind === "memory") return ["on", place.name];
  if (now.state === "reconnecting") return ["busy", `Reconnecting to ${place.name}`];
  if (now.unreachable) return ["off", "Server unreachable"];
  return ["on", `Connected to ${place.name}`];
}

/** @param {Partial<typeof now>} change */
export function showLive(change) {
  Object.assign(now, change);
  const [state, words] = inWords();
  chip.dataset.state = state;
  setText(chip, words);
  const place = currentPlace();
  facts.hidden = !place;
  const memory = place?.kind === "memory";
  setText(transport, memory ? "memory" : "REST, WebSocket");
  setText(environment, place?.options.environment ?? "default");
  const version = memory || now.state !== "connected" ? "" : `, version ${watchVersion()}`;
  showFreshness();
  setText(watch, isPulled() ? "plug pulled" : `${now.state ?? "none yet"}${version}`);
}

/** Shows up to when the view of the open bucket is known to be complete. */
function showFreshness() {
  const at = currentView()?.freshAsOf;
  setText(fresh, at === undefined ? "not yet" : new Date(at).toLocaleTimeString("en-GB"));
}

export function startLive() {
  setInterval(showFreshness, 1000);
  on("view", showFreshness);
  on("connected", () => showLive({ unreachable: false, state: undefined }));
  on("answered", () => showLive({ unreachable: false }));
  on("live", ({ state }) =>
    showLive({ state, ...(state === "connected" && { unreachable: false }) }),
  );
  on("plug", () => showLive({}));
}
