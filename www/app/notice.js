import { isIronflowError } from "@ironflow/browser";
import { button, byId, element } from "./dom.js";
import { currentView, viewFailure } from "./feed.js";
import { describe } from "./outcome.js";
import { currentPlace, isMissing, kv, openBucket, reopenBucket } from "./session.js";

const notice = byId("keys-notice", HTMLDivElement);

/** What the notice shows, so that it is not announced twice. */
let said = "";

/** Shows why the keys may be stale or missing. Returns whether the view has failed. */
export function showNotice() {
  const view = currentView();
  const error = viewFailure();
  const failed = isMissing() || (error !== undefined && !isConnectionKept());
  const lost = !failed && view?.state === "reconnecting";
  const words = failed || lost ? `${openBucket()} ${failed} ${error}` : "";
  if (words !== said) {
    said = words;
    notice.hidden = words === "";
    notice.replaceChildren(...(failed ? whatFailed(error) : lost ? whatIsLost() : []));
    notice.className = failed ? "failure" : "caution";
  }
  return failed;
}

/** Whether the view is connected or reconnects by itself. */
function isConnectionKept() {
  const { state } = currentView() ?? {};
  return state === "connected" || state === "reconnecting";
}

function whatIsLost() {
  const words = "These keys may be stale; the view resyncs after it has reconnected.";
  return [element("p", {}, element("b", {}, "The connection is lost. "), words)];
}

/** @param {unknown} error */
function whatFailed(error) {
  const name = openBucket();
  const gone = isMissing() || (isIronflowError(error) && error.status === 404);
  if (!gone || name === undefined) return describe(error, "watch");
  const why =
    currentPlace()?.kind === "memory"
      ? "A new store in this tab is empty."
      : "It may have been deleted, or be in another environment.";
  return [
    element("p", {}, element("b", {}, `There is no bucket ${name}. `), why),
    button(`Create ${name}`, () => create(name)),
  ];
}

/** @param {string} name */
async function create(name) {
  try {
    await kv().createBucket({ name });
    reopenBucket();
  } catch (error) {
    notice.replaceChildren(...describe(error, "bucket"));
  }
}
