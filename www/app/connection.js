import { readAddress } from "./address.js";
import { showSnippet } from "./code.js";
import { byId } from "./dom.js";
import { showLive } from "./live.js";
import { outcome } from "./outcome.js";
import { clientOf, currentPlace, emit, moveTo, setFilter, useBucket } from "./session.js";
import { connectSnippet } from "./snippets.js";

/** @typedef {import("./session.js").Place} Place */

const form = byId("connection-form", HTMLFormElement);
const serverFields = byId("server-fields", HTMLDivElement);
const urlField = byId("url-field", HTMLLabelElement);
const url = byId("server-url", HTMLInputElement);
const apiKey = byId("api-key", HTMLInputElement);
const environment = byId("environment", HTMLInputElement);
const submit = byId("connect", HTMLButtonElement);
const shown = outcome(byId("connection-outcome", HTMLDivElement));

/** The number of attempts so far, so that a slow one cannot replace a later one. */
let tries = 0;
/** The number of stores in memory so far: each has a name, so that the page's clients share it. */
let stores = 0;

const where = () => /** @type {Place["kind"]} */ (new FormData(form).get("where"));

/** Whether the button starts with another, empty store. */
const renews = () => where() === "memory" && currentPlace()?.kind === "memory";

/** Connects to the chosen server or store; another server needs its URL first. */
function choose() {
  const current = currentPlace()?.kind;
  if (where() !== "other" && where() !== current) return connectAndOpen();
  // The attempt under way is for an earlier choice.
  tries += 1;
  shown.clear();
  showLive({ connecting: false });
  return showFields();
}

function showFields() {
  serverFields.hidden = where() === "memory";
  urlField.hidden = where() !== "other";
  url.required = where() === "other";
  submit.textContent = renews() ? "Start with an empty store" : "Connect";
}

/** The server or store that the form selects. @returns {Place} */
function chosen() {
  const kind = where();
  if (kind === "memory") {
    const options = /** @type {const} */ ({ transport: "memory", memory: { name: `${stores}` } });
    return { kind, name: "In this tab", options };
  }
  const serverUrl = kind === "here" ? location.origin : url.value.trim();
  const options = {
    serverUrl,
    ...(environment.value.trim() && { environment: environment.value.trim() }),
    ...(apiKey.value && { auth: { apiKey: apiKey.value } }),
  };
  return { kind, name: new URL(serverUrl).host, options };
}

/** Connects to the server or store that the form selects. Returns the names of its buckets, or undefined after a failure. */
async function connect() {
  tries += 1;
  const mine = tries;
  shown.clear();
  showFields();
  showLive({ connecting: true });
  try {
    const place = chosen();
    const client = clientOf(place);
    // The client sends nothing before the first operation: list the buckets to check that the server responds.
    const buckets = await client.kv().listBuckets();
    if (mine !== tries) return undefined;
    client.onError((error) => {
      const silent = error.code === "REQUEST_FAILED" || error.code === "TIMEOUT";
      if (silent && place === currentPlace()) showLive({ unreachable: true });
    });
    moveTo(place, client);
    showSnippet(connectSnippet());
    emit("answered", undefined);
    return buckets.map(({ name }) => name);
  } catch (error) {
    if (mine === tries) shown.failed(error, "connect");
    return undefined;
  } finally {
    if (mine === tries) {
      // After a failure the page continues with its previous client.
      showLive({ connecting: false });
      showFields();
    }
  }
}

/** What the page's URL selects, until the page has connected. */
let wanted = readAddress();

async function connectAndOpen() {
  const buckets = await connect();
  if (!buckets) return;
  const { bucket } = wanted;
  wanted = { ...wanted, bucket: undefined };
  useBucket(bucket, bucket !== undefined && buckets.includes(bucket));
}

/** Connects as the page's URL says; to a server of another origin only after a click on Connect. */
function begin() {
  for (const radio of form.querySelectorAll("input")) {
    if (radio.name === "where") radio.checked = radio.value === wanted.kind;
  }
  url.value = wanted.server;
  environment.value = wanted.environment;
  showFields();
  setFilter(wanted.filter);
  if (wanted.kind === "other") showLive({});
  else connectAndOpen();
}

export function startConnection() {
  byId("here-url", HTMLElement).textContent = location.host;
  form.addEventListener("change", ({ target }) => {
    if (target instanceof HTMLInputElement && target.name === "where") choose();
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (renews()) stores += 1;
    connectAndOpen();
  });
  begin();
}
