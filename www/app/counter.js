import { showSnippet } from "./code.js";
import { byId, setText } from "./dom.js";
import { isLosing, loseAnswers, lostAnswers } from "./lost-answers.js";
import { outcome } from "./outcome.js";
import { bucket, currentPlace, emit, isMissing, on, openBucket } from "./session.js";
import { counterSnippet } from "./snippets.js";

/** A counter that stays exact while answers are lost. */

const KEY = "counter";

const value = byId("counter-value", HTMLOutputElement);
const words = byId("counter-words", HTMLParagraphElement);
const adder = byId("counter-add", HTMLButtonElement);
const toggle = byId("lose-answers", HTMLButtonElement);
const hint = byId("lose-words", HTMLParagraphElement);
const shown = outcome(byId("counter-outcome", HTMLDivElement));

/** What this page has done to the counter of the open bucket. */
let tally = { clicks: 0, lost: 0 };

/** @param {import("@ironflow/browser").KVEntry | undefined} entry */
const numberOf = (entry) => Number(entry?.json()) || 0;

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
  const lost = tally.lost > 0 ? ` ${plural(tally.lost, "answer")} got lost.` : "";
  setText(words, tally.clicks > 0 ? `You added ${plural(tally.clicks, "time")}.${lost}` : "");
}

/** Reads the counter of the open bucket. */
async function read() {
  const name = openBucket();
  tally = { clicks: 0, lost: 0 };
  shown.clear();
  value.value = "–";
  show();
  if (name === undefined || isMissing()) return;
  try {
    const count = numberOf(await bucket().find(KEY));
    if (openBucket() === name && tally.clicks === 0) value.value = String(count);
  } catch {
    // The panel of the connection shows it.
  }
}

async function add() {
  const mine = tally;
  const before = lostAnswers();
  adder.disabled = true;
  try {
    let count = 0;
    await bucket().modify(KEY, (entry) => {
      count = numberOf(entry) + 1;
      return count;
    });
    mine.clicks += 1;
    shown.clear();
    if (mine === tally) value.value = String(count);
    showSnippet(counterSnippet(KEY));
    emit("changed", undefined);
  } catch (error) {
    shown.failed(error, "update");
  } finally {
    mine.lost += lostAnswers() - before;
    adder.disabled = false;
    show();
  }
}

export function startCounter() {
  adder.addEventListener("click", add);
  toggle.addEventListener("click", () => {
    loseAnswers(!isLosing());
    show();
  });
  on("connected", () => {
    loseAnswers(false);
    show();
  });
  on("bucket", read);
  on("event", (event) => {
    if (event.key === KEY && event.operation === "put" && !adder.disabled)
      value.value = String(Number(event.text()) || 0);
  });
  show();
}
