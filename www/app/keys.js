import { byId, debounce, element } from "./dom.js";
import { choiceList } from "./list.js";
import { describe } from "./outcome.js";
import { explain } from "./patterns.js";
import { announceAnswer, bucket, on, openBucket } from "./session.js";

/** More rows than this help nobody: the filter does. */
const SHOWN_AT_MOST = 500;

const none = byId("no-keys", HTMLDivElement);
const count = byId("key-count", HTMLParagraphElement);
const filter = byId("filter", HTMLInputElement);
const hint = byId("filter-hint", HTMLParagraphElement);

/** The listing that is under way; a newer one takes its place. */
let listing = new AbortController();

/** @param {(key: string) => void} open called with the key that a person picks */
export function startKeys(open) {
  const list = choiceList(byId("key-list", HTMLUListElement), open);

  async function refresh() {
    listing.abort();
    listing = new AbortController();
    const { signal } = listing;
    if (openBucket() === undefined) return;
    const pattern = filter.value.trim();
    if (explain(pattern).problem) {
      list.show([]);
      say("");
      none.hidden = true;
      return;
    }
    try {
      const keys = await bucket().listKeys(pattern || undefined, { signal });
      announceAnswer();
      // The server lists by age; by name, a key keeps its place while it is written to.
      const sorted = [...keys].sort();
      list.show(sorted.slice(0, SHOWN_AT_MOST).map((key) => ({ name: key, content: [key] })));
      say(inWords(keys.length));
      none.textContent = pattern
        ? "No key matches this filter."
        : "No keys yet: put the first one.";
      none.hidden = keys.length > 0;
    } catch (error) {
      if (signal.aborted) return;
      list.show([]);
      say("");
      none.replaceChildren(element("div", { class: "failure" }, ...describe(error, "list")));
      none.hidden = false;
    }
  }

  const soon = debounce(120, refresh);
  on("bucket", () => {
    byId("keys-bucket", HTMLSpanElement).textContent = openBucket() ?? "";
    list.choose(undefined);
    list.show([]);
    say("");
    none.hidden = true;
    refresh();
  });
  on("changed", soon);
  on("event", soon);
  const key = byId("key", HTMLInputElement);
  key.addEventListener("change", () => list.choose(key.value));
  byId("refresh-keys", HTMLButtonElement).addEventListener("click", refresh);
  filter.addEventListener("input", () => {
    showHint();
    soon();
  });
  for (const pill of document.querySelectorAll("button[data-pattern]")) {
    pill.addEventListener("click", () => {
      filter.value = pill.getAttribute("data-pattern") ?? "";
      showHint();
      refresh();
    });
  }
  showHint();
}

/** Screen readers hear the count each time it is set, so only when it is another. @param {string} text */
function say(text) {
  if (count.textContent !== text) count.textContent = text;
}

/** @param {number} keys */
function inWords(keys) {
  const all = keys === 1 ? "1 key" : `${keys} keys`;
  return keys > SHOWN_AT_MOST
    ? `${all}; the first ${SHOWN_AT_MOST} are shown: narrow the filter to see others`
    : all;
}

function showHint() {
  const { text, matches, misses, problem } = explain(filter.value.trim());
  filter.setAttribute("aria-invalid", String(problem !== undefined));
  const codes = (/** @type {string[]} */ keys) =>
    keys.flatMap((key, i) => [i ? ", " : "", element("code", {}, key)]);
  hint.replaceChildren(text);
  if (matches.length) hint.append(" Matches ", ...codes(matches), "; not ", ...codes(misses), ".");
}
