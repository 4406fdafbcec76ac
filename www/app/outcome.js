import { isIronflowError } from "@ironflow/browser";
import { element } from "./dom.js";

/** @typedef {"connect" | "get" | "put" | "create" | "update" | "delete" | "purge" | "list" | "watch" | "bucket"} Operation */
/** @typedef {ReturnType<typeof outcome>} Outcome */

/**
 * Shows the result of an operation, in an element that screen readers announce.
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
     * @param {{ label: string, run: () => void }} [remedy] a button that offers a remedy
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
 * Describes an error for a person, followed by its message and code.
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
    if (error.retryable) facts.append(" ", element("span", {}, "retryable"));
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
      if (/bucket not found/i.test(error.message)) return "This bucket no longer exists.";
      return operation === "connect"
        ? "There is no Ironflow server at this address."
        : "There is no such key.";
    case "HTTP_409":
      return "A bucket with this name already exists, with other settings.";
    case "HTTP_412":
      return operation === "create"
        ? "The key already exists. Put overwrites it; Update replaces a revision."
        : "The key has another revision: another client wrote it in between.";
    case "HTTP_413":
      return "The value exceeds the bucket's limit.";
    case "HTTP_507":
      return "The bucket is full.";
    case "UNAUTHENTICATED":
      return "The server needs a valid API key.";
    case "UNAUTHORIZED":
      return "This API key does not permit that.";
    case "TIMEOUT":
      return "The server did not respond in time.";
    case "REQUEST_FAILED":
      return "The server could not be reached.";
    case "CONNECTION_LOST":
      return "The connection to the server was lost.";
    case "INVALID_RESPONSE":
      return "The response is not that of an Ironflow server.";
    case "UNSUPPORTED":
      return "The server or the bucket does not support this.";
    case "VALIDATION_ERROR":
      return "That is not a valid name, key, pattern or value.";
    default:
      return "The operation failed on the server.";
  }
}
