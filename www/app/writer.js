import { byId, setText } from "./dom.js";
import { clientOf, currentPlace, emit, on, openBucket } from "./session.js";
import { startWriting } from "./writing.js";

/** @typedef {import("./writing.js").Report} Report */

/** The switch of another client that writes to the open bucket. */

const toggle = byId("writer", HTMLButtonElement);
const rate = byId("writer-rate", HTMLSelectElement);
const words = byId("writer-words", HTMLParagraphElement);
const usual = words.textContent ?? "";

/** Stops the other client. @type {(() => void) | undefined} */
let end;

/** @param {Report} report */
function show(report) {
  if ("failed" in report) setText(words, `The write failed: ${report.failed}`);
  else {
    const writes = report.written.toLocaleString("en");
    setText(words, `${writes} writes so far, up to revision ${report.revision}.`);
    emit("written", undefined);
  }
}

function start() {
  const place = currentPlace();
  const name = openBucket();
  if (!place || name === undefined) return;
  const perSecond = Number(rate.value);
  if (place.kind === "memory") {
    // A worker cannot share the page's store in memory.
    const client = clientOf(place);
    end = startWriting(client.kv().bucket(name), perSecond, show);
  } else {
    const worker = new Worker(new URL("./writer-worker.js", import.meta.url), { type: "module" });
    worker.addEventListener("message", ({ data }) => show(data));
    const packageUrl = import.meta.resolve("@ironflow/browser");
    worker.postMessage({ packageUrl, options: place.options, bucket: name, perSecond });
    end = () => worker.terminate();
  }
  toggle.setAttribute("aria-checked", "true");
}

function stop() {
  end?.();
  end = undefined;
  toggle.setAttribute("aria-checked", "false");
  words.textContent = usual;
}

export function startWriter() {
  toggle.addEventListener("click", () => (end ? stop() : start()));
  rate.addEventListener("change", () => {
    if (!end) return;
    stop();
    start();
  });
  on("bucket", stop);
}
