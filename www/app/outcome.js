import { isIronflowError } from "@ironflow/browser";
import { element } from "./dom.js";

/** @typedef {"connect" | "get" | "put" | "create" | "update" | "delete" | "purge" | "list" | "watch" | "bucket"} Operation */
/** @typedef {ReturnType<typeof outcome>} Outcome */

/**
 * Shows how an operation went, in an element that screen readers follow.
 *
 * @param {HTMLElement} area
 */
export function outcome(area) {
  return {
    clear() {
      area.replaceChildren();
    },

    /** @param {string} text */
    succeeded(text) {
      area.replaceChildren(element("p", { class: "success" }, text));
    },

    /**
     * @param {unknown} error
     * @param {Operation} operation
     * @param {{ label: string, run: () => void }} [remedy] what the person may want to do about it
     */
    failed(error, operation, remedy) {
      const card = element("div", { class: "failure" }, ...describe(error, operation));
      if (remedy) {
        const button = element("button", { type: "button" }, remedy.label);
        button.addEventListener("click", remedy.run);
        card.append(button);
      }
      area.replaceChildren(card);
    },
  };
}

/**
 * An error in words a person understands, then in the words a program sees.
 *
 * @param {unknown} error
 * @param {Operation} operation
 */
export function describe(error, operation) {
  const words = element("p", {}, element("b", {}, inWords(error, operation)));
  if (!(error instanceof Error)) return [words, element("p", {}, String(error))];
  const facts = element("p", { class: "error-facts" }, element("code", {}, error.name));
  if (isIronflowError(error)) {
    facts.append(" ", element("code", {}, error.code));
    if (error.status !== undefined)
      facts.append(" ", element("span", {}, `status ${error.status}`));
    if (error.retryable) facts.append(" ", element("span", {}, "worth trying again"));
  }
  return [words, element("p", {}, error.message), facts];
}

/**
 * @param {unknown} error
 * @param {Operation} operation
 */
function inWords(error, operation) {
  if (!isIronflowError(error)) return "That did not work.";
  switch (error.code) {
    case "HTTP_400":
      return "The server does not accept this name, key or pattern.";
    case "HTTP_404":
      if (/bucket not found/i.test(error.message)) return "There is no such bucket any more.";
      return operation === "connect"
        ? "There is no Ironflow server at this address."
        : "There is no such key.";
    case "HTTP_409":
      return "A bucket of this name exists already, with other settings.";
    case "HTTP_412":
      return operation === "create"
        ? "The key exists already. Put overwrites it; Update replaces the revision you name."
        : "The key is not at this revision: somebody wrote it in between.";
    case "HTTP_413":
      return "The value is larger than the bucket takes.";
    case "HTTP_507":
      return "The bucket is full.";
    case "UNAUTHENTICATED":
      return "The server does not know this API key, or wants one.";
    case "UNAUTHORIZED":
      return "This API key may not do that.";
    case "TIMEOUT":
      return "The server did not answer in time.";
    case "REQUEST_FAILED":
      return "The server could not be reached.";
    case "CONNECTION_LOST":
      return "The connection to the server was lost.";
    case "INVALID_RESPONSE":
      return "Something answered, but not as an Ironflow server does.";
    case "VALIDATION_ERROR":
      return "That is not a valid name, key, pattern or value.";
    default:
      return "The server could not do that.";
  }
}
