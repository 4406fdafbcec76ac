import { ago } from "./ages.js";
import { button, element } from "./dom.js";

/**
 * The writes of an outbox, oldest first.
 *
 * @typedef {import("@ironflow/browser").KVOutbox} KVOutbox
 * @typedef {ReturnType<KVOutbox["entries"]>[number]} KVOutboxEntry
 */

/** @param {KVOutboxEntry} entry */
function stateOf({ error, created_at }) {
  const age = ago(Date.now() - Date.parse(created_at));
  const waits = age === "now" ? "just queued" : `queued ${age} ago`;
  return error ? `put aside: ${error.message} (${error.code})` : waits;
}

/** @param {HTMLElement} list @param {KVOutbox} outbox */
export function showEntries(list, outbox) {
  const focused = document.activeElement?.closest("li")?.dataset.id;
  const items = outbox.entries().map((entry) => {
    const { id, key, operation, error } = entry;
    const discard = button("Discard", () => outbox.discard(id), "quiet");
    discard.setAttribute("aria-label", `Discard the ${operation} of ${key}`);
    const item = element(
      "li",
      { "data-id": id, "data-state": error ? "aside" : "waiting" },
      element("span", { class: "mono" }, key),
      element("span", {}, operation),
      element("span", { class: "hint" }, stateOf(entry)),
      discard,
    );
    return { id, item, discard };
  });
  list.replaceChildren(...items.map(({ item }) => item));
  items.find(({ id }) => id === focused)?.discard.focus();
}
