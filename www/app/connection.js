import { createClient } from "@ironflow/browser";
import { byId } from "./dom.js";
import { outcome } from "./outcome.js";
import { on, useClient } from "./session.js";

const IN_THIS_TAB = "In this tab";

const form = byId("connection-form", HTMLFormElement);
const serverFields = byId("server-fields", HTMLDivElement);
const urlField = byId("url-field", HTMLLabelElement);
const url = byId("server-url", HTMLInputElement);
const apiKey = byId("api-key", HTMLInputElement);
const environment = byId("environment", HTMLInputElement);
const button = byId("connect", HTMLButtonElement);
const chip = byId("connection-chip", HTMLParagraphElement);
const shown = outcome(byId("connection-outcome", HTMLDivElement));

/** Counts the tries, so that a slow one cannot replace a later one. */
let tries = 0;
/** Where the client of the page keeps its data, in words. */
let connectedTo = "";

const where = () => new FormData(form).get("where");

function showFields() {
  serverFields.hidden = where() === "memory";
  urlField.hidden = where() !== "other";
  url.required = where() === "other";
  // Another client in memory means another, empty store.
  button.textContent =
    where() === "memory" && connectedTo === IN_THIS_TAB ? "Start afresh" : "Connect";
}

/** The client that the form asks for, and where it goes, in words. */
function chosen() {
  // This page shows every error itself; without a logger of its own the client would write them to the console too.
  const common = { logger: /** @type {const} */ (false), timeout: 10_000 };
  if (where() === "memory") {
    return { client: createClient({ ...common, transport: "memory" }), place: IN_THIS_TAB };
  }
  const serverUrl = where() === "here" ? location.origin : url.value.trim();
  const client = createClient({
    ...common,
    serverUrl,
    ...(environment.value.trim() && { environment: environment.value.trim() }),
    ...(apiKey.value && { auth: { apiKey: apiKey.value } }),
  });
  return { client, place: serverUrl };
}

/**
 * @param {"idle" | "busy" | "on" | "off"} state
 * @param {string} text
 */
function showState(state, text) {
  chip.dataset.state = state;
  chip.textContent = text;
}

async function connect() {
  tries += 1;
  const mine = tries;
  shown.clear();
  showState("busy", "Connecting…");
  try {
    const { client, place } = chosen();
    // Nothing is sent before the first operation: ask for something, to learn whether anyone is there.
    await client.kv().listBuckets();
    if (mine !== tries) return;
    client.onError((error) => {
      const silent = error.code === "REQUEST_FAILED" || error.code === "TIMEOUT";
      if (silent && connectedTo === place) showState("off", "Server unreachable");
    });
    connectedTo = place;
    useClient(client);
    showConnected();
  } catch (error) {
    if (mine !== tries) return;
    shown.failed(error, "connect");
    // The page goes on with the client it had.
    showConnected();
  }
  showFields();
}

function showConnected() {
  if (connectedTo === "") showState("off", "Not connected");
  else if (connectedTo === IN_THIS_TAB) showState("on", connectedTo);
  else showState("on", `Connected to ${new URL(connectedTo).host}`);
}

export function startConnection() {
  byId("here-url", HTMLElement).textContent = location.host;
  on("answered", () => {
    if (chip.dataset.state === "off" && connectedTo !== "") showConnected();
  });
  form.addEventListener("change", showFields);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    connect();
  });
  showFields();
  return connect();
}
