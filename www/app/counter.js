import { showSnippet } from "./code.js";
import { byId, setText } from "./dom.js";
import { kept } from "./kept.js";
import { isLosing, loseAnswers, lostAnswers } from "./lost-answers.js";
import { outcome } from "./outcome.js";
import { bucket, currentPlace, emit, isMissing, on, openBucket } from "./session.js";
import { counterSnippet } from "./snippets.js";

/**
 * A counter that shows a click at once, takes it back if the write fails, and stays exact while answers are lost.
 *
 * @typedef {import("@ironflow/browser").KVView} KVView
 * @typedef {import("@ironflow/browser").KVViewEntry} KVViewEntry
 */

const KEY = "counter";

const value = byId("counter-value", HTMLOutputElement);
const words = byId("counter-words", HTMLParagraphElement);
const adder = byId("counter-add", HTMLButtonElement);
const toggle = byId("lose-answers", HTMLButtonElement);
const usual = words.textContent ?? "";
const hint = byId("lose-words", HTMLParagraphElement);
const shown = outcome(byId("counter-outcome", HTMLDivElement));

/** The counter of the open bucket. @type {KVView | undefined} */
let view;
/** What this page has done to it. `before`: the answers that were lost before. */
let tally = { clicks: 0, before: 0 };

/** @param {KVViewEntry | undefined} entry */
const numberOf = (entry) => Number(entry?.text()) || 0;

/** @param {number} count @param {string} one */
const plural = (count, one) => (count === 1 ? `1 ${one}` : `${count} ${one}s`);

function show() {
  const memory = currentPlace()?.kind === "memory";
  toggle.disabled = memory;
  toggle.setAttribute("aria-checked", String(isLosing()));
  setText(
    hint,
    memory
      ? "A store in this tab has no network that could lose an answer. Connect to a server."
      : "The server adds, but its answer is lost. The client sends the write again with the same id, and the server " +
          "adds no second time.",
  );
  const entry = view?.get(KEY);
  const known = entry !== undefined || view?.status === "ready";
  value.value = known ? String(numberOf(entry)) : "–";
  value.dataset.pending = String(entry?.pending ?? false);
  const lost = lostAnswers() - tally.before;
  const answers = lost > 0 ? ` ${plural(lost, "answer")} got lost.` : "";
  const added = tally.clicks > 0 ? `You added ${plural(tally.clicks, "time")}.${answers}` : "";
  setText(words, entry?.pending ? `${added} Not saved yet…` : added || usual);
}

/** Opens the counter of the open bucket. */
function open() {
  view?.stop();
  view = undefined;
  tally = { clicks: 0, before: lostAnswers() };
  shown.clear();
  if (openBucket() !== undefined && !isMissing()) {
    const opened = bucket().view({ key: KEY, ...kept() });
    view = opened;
    // The panel of the keys shows its error.
    opened.ready.catch(() => {});
    opened.subscribe(() => view === opened && show());
  }
  show();
}

async function add() {
  const mine = tally;
  if (!view) return;
  shown.clear();
  try {
    await view.mutate(KEY, (entry) => numberOf(entry) + 1);
    mine.clicks += 1;
    showSnippet(counterSnippet(KEY));
    emit("changed", undefined);
  } catch (error) {
    if (mine === tally) shown.failed(error, "update");
  }
  show();
}

export function startCounter() {
  adder.addEventListener("click", add);
  toggle.addEventListener("click", () => {
    loseAnswers(!isLosing());
    show();
  });
  on("connected", () => loseAnswers(false));
  on("bucket", open);
  show();
}
