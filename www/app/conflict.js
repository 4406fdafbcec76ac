import { KV_DELETE } from "@ironflow/browser";
import { button, element } from "./dom.js";

/**
 * Asks what becomes of a queued write whose key another client has written meanwhile.
 *
 * @typedef {import("@ironflow/browser").KVConflict} KVConflict
 * @typedef {NonNullable<KVConflict["theirs"]>} Entry
 */

/** @param {Entry | undefined} entry @param {string} whose */
const version = (entry, whose) => [
  element("dt", {}, whose),
  element("dd", { class: entry ? "mono" : "hint" }, entry ? entry.text() : "deleted"),
];

/** @param {Entry | undefined} entry */
const asAnswer = (entry) => (entry ? entry.bytes() : KV_DELETE);

/**
 * Shows the question, and gives the answer as `onConflict` returns it.
 *
 * @param {HTMLElement} area
 * @param {string | undefined} id of the write in the outbox
 * @param {KVConflict} conflict
 */
export function askAbout(area, id, { bucket, key, mine, theirs, maybeApplied }) {
  return new Promise((resolve) => {
    const title = `Conflict: another client has ${theirs ? "written" : "deleted"} ${key} meanwhile.`;
    const box = element(
      "div",
      {
        class: "conflict",
        role: "group",
        "data-id": id ?? "",
        "aria-label": `Conflict of ${bucket}/${key}`,
      },
      element("p", {}, element("b", {}, title)),
      element("dl", { class: "facts" }, ...version(mine, "Mine"), ...version(theirs, "Theirs")),
    );
    if (maybeApplied)
      box.append(element("p", { class: "hint" }, "Your write may have been stored before."));
    /** @param {unknown} answer */
    const end = (answer) => () => {
      box.remove();
      resolve(answer);
    };
    box.addEventListener("ended", end(undefined));
    const choices = element("div", { class: "actions" });
    choices.append(
      button("Keep mine", end(asAnswer(mine)), "primary"),
      button("Take theirs", end(asAnswer(theirs))),
      button("Drop my write", end(undefined), "danger"),
    );
    box.append(choices);
    area.append(box);
  });
}

/** Removes the questions about writes that do not wait any more. @param {HTMLElement} area @param {Set<string>} waiting */
export function removeEnded(area, waiting) {
  for (const box of area.querySelectorAll("[data-id]")) {
    if (!waiting.has(box.getAttribute("data-id") ?? "")) box.dispatchEvent(new Event("ended"));
  }
}
