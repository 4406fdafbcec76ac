import { isIronflowError } from "@ironflow/browser";
import { button, byId, element } from "./dom.js";
import { currentView, viewFailure } from "./feed.js";
import { describe } from "./outcome.js";
import { currentPlace, isMissing, kv, openBucket, reopenBucket } from "./session.js";

const notice = byId("keys-notice", HTMLDivElement);

/** What the notice says by now, so that it is not said again. */
let said = "";

/** Says what is wrong with the keys that are shown, if something is. Returns whether it is for good. */
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

/** Whether the view follows its bucket, or reconnects by itself. */
function isConnectionKept() {
  const { state } = currentView() ?? {};
  return state === "connected" || state === "reconnecting";
}

function whatIsLost() {
  const words = "This is what was last known; it catches up by itself.";
  return [element("p", {}, element("b", {}, "The connection is lost. "), words)];
}

/** @param {unknown} error */
function whatFailed(error) {
  const name = openBucket();
  const gone = isMissing() || (isIronflowError(error) && error.status === 404);
  if (!gone || name === undefined) return describe(error, "watch");
  const why =
    currentPlace()?.kind === "memory"
      ? "A store in this tab begins empty."
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
