import { showSnippet } from "./code.js";
import { byId, debounce, element } from "./dom.js";
import { explain } from "./patterns.js";
import { filter, on, setFilter } from "./session.js";
import { viewSnippet } from "./snippets.js";

const input = byId("filter", HTMLInputElement);
const hint = byId("filter-hint", HTMLParagraphElement);

function showHint() {
  const { text, matches, misses, problem } = explain(input.value.trim());
  input.setAttribute("aria-invalid", String(problem !== undefined));
  const codes = (/** @type {string[]} */ keys) =>
    keys.flatMap((key, i) => [i ? ", " : "", element("code", {}, key)]);
  hint.replaceChildren(text);
  if (matches.length) hint.append(" Matches ", ...codes(matches), "; not ", ...codes(misses), ".");
}

function apply() {
  setFilter(input.value.trim());
  showSnippet(viewSnippet());
}

export function startFilter() {
  const soon = debounce(250, apply);
  input.addEventListener("input", () => {
    showHint();
    soon();
  });
  for (const pill of document.querySelectorAll("button[data-pattern]")) {
    pill.addEventListener("click", () => {
      input.value = pill.getAttribute("data-pattern") ?? "";
      showHint();
      apply();
    });
  }
  on("filter", () => {
    if (input.value.trim() === filter()) return;
    input.value = filter();
    showHint();
  });
  showHint();
}
