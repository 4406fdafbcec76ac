import { byId, element } from "./dom.js";
import { duelEditor, KEY } from "./duel-editor.js";
import { outcome } from "./outcome.js";
import { clientOf, currentPlace, emit, on, openBucket } from "./session.js";

/** Two people edit one key: a demonstration of compare-and-swap. */

const panel = byId("duel", HTMLElement);
const editors = byId("duel-editors", HTMLDivElement);
const steps = byId("duel-steps", HTMLOListElement);
const intro = byId("duel-intro", HTMLDivElement);
const starter = byId("duel-start", HTMLButtonElement);
const player = byId("duel-play", HTMLButtonElement);
const shown = outcome(byId("duel-outcome", HTMLDivElement));

/** The time between two steps, in milliseconds. */
const PACE = 700;
const BEGINNING = { title: "Planning", room: "Blue", time: "10:00" };

/** @param {string} words */
const report = (words) => steps.append(element("li", {}, words));
const ann = duelEditor("Ann", report);
const ben = duelEditor("Ben", report);

/** @type {import("@ironflow/browser").IronflowClient[]} */
let clients = [];

function leave() {
  for (const client of clients) client.disconnect();
  clients = [];
  editors.hidden = true;
  intro.hidden = false;
  steps.replaceChildren();
  shown.clear();
}

/** Writes the initial document, and lets both read it. Returns whether that worked. */
async function begin() {
  const place = currentPlace();
  const name = openBucket();
  if (!place || name === undefined) return false;
  leave();
  try {
    clients = [clientOf(place), clientOf(place)];
    const [one, two] = clients.map((client) => client.kv().bucket(name));
    if (!one || !two) return false;
    await one.put(KEY, BEGINNING);
    emit("changed", undefined);
    ann.begin(one);
    ben.begin(two);
    intro.hidden = true;
    editors.hidden = false;
    await Promise.all([ann.read(), ben.read()]);
    return true;
  } catch (error) {
    shown.failed(error, "put");
    return false;
  }
}

const pause = () => new Promise((resolve) => setTimeout(resolve, PACE));

/** Plays the duel: both change a field and save at the same time; one wins, the other merges. */
async function play() {
  player.disabled = true;
  try {
    if (!(await begin())) return;
    await pause();
    ann.type("room", "Green");
    report("Ann changes the room.");
    await pause();
    ben.type("time", "11:30");
    report("Ben changes the time.");
    await pause();
    const [won] = await Promise.all([ann.save(), ben.save()]);
    const loser = won ? ben : ann;
    // Leave time to read the refusal.
    await pause();
    await pause();
    await loser.mergeIn();
    await pause();
    await loser.save();
  } finally {
    player.disabled = false;
  }
}

export function startDuel() {
  editors.append(ann.box, ben.box);
  starter.addEventListener("click", begin);
  player.addEventListener("click", play);
  on("bucket", () => {
    leave();
    panel.hidden = openBucket() === undefined;
  });
}
