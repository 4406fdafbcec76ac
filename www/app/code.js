import { byId } from "./dom.js";
import { highlighted } from "./highlight.js";

/**
 * A program that does what the page just did.
 *
 * @typedef {object} Snippet
 * @property {string} title
 * @property {string} code
 */

const title = byId("code-title", HTMLElement);
const code = byId("code-text", HTMLElement);
const copy = byId("copy-code", HTMLButtonElement);
const copied = byId("copied", HTMLParagraphElement);

/** @param {Snippet} snippet */
export function showSnippet(snippet) {
  title.textContent = snippet.title;
  code.replaceChildren(...highlighted(snippet.code));
  copied.textContent = "";
}

export function startCode() {
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(code.textContent ?? "");
      copied.textContent = "Copied.";
    } catch {
      // Only pages from https or localhost may write to the clipboard.
      getSelection()?.selectAllChildren(code);
      copied.textContent = "Selected: copy it with Ctrl+C.";
    }
  });
}
