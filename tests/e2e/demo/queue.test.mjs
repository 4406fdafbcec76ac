// Notes that are written offline: the queue shows them, they survive a reload, and conflicts are resolved.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOwnBucket, flip, press, see } from "./actions.mjs";
import { setStage } from "./stage.mjs";

/** @typedef {import("./actions.mjs").Page} Page */

const stage = setStage();

/** Opens a tab of the page, and a second one in the same browser. */
async function openTabs() {
  const { url } = await stage.server("memory");
  const mine = await stage.openApart(`${url}/?server=here`);
  const name = await createOwnBucket(mine);
  const theirs = await mine.context().newPage();
  await theirs.goto(mine.url());
  await see(theirs, "#keys-bucket", name);
  await see(theirs, "#watch-chip", "Watching");
  // A page in the background draws once a second.
  await mine.bringToFront();
  return { mine, theirs };
}

/** @param {Page} page @param {string} text */
async function save(page, text) {
  await page.getByLabel("Text", { exact: true }).fill(text);
  await press(page, "Save note");
}

/** @param {Page} page @param {string} text */
const holds = (page, text) =>
  page.waitForFunction((wanted) => {
    const input = document.querySelector(".queue input");
    return input instanceof HTMLInputElement && input.value === wanted;
  }, text);

/** @param {Page} page @param {string} text */
const queued = (page, text) => see(page, ".queued li", text);

for (const [choice, winner, outcome] of /** @type {const} */ ([
  ["Keep mine", "mine", "Saved note.today."],
  ["Take theirs", "theirs", "Saved note.today."],
  ["Drop my write", "theirs", "another client wrote it in between"],
])) {
  test(`a conflict between two tabs: ${choice}`, async () => {
    const { mine, theirs } = await openTabs();
    await save(mine, "first");
    await see(mine, "#queue-note", "Saved as revision 1.");
    await holds(theirs, "first");
    await flip(mine, "Go offline");
    await save(mine, "mine");
    await queued(mine, "note.today");
    await see(mine, "#queue-count", "1 write is queued");
    await see(mine, "#queue-note", "Not saved yet, based on revision 1.");
    await theirs.bringToFront();
    await save(theirs, "theirs");
    await see(theirs, ".queue .outcome", "Saved note.today.");
    await mine.bringToFront();
    await flip(mine, "Go offline");
    await see(mine, ".conflict", "another client has written note.today");
    assert.equal(await mine.locator(".conflict dd").first().innerText(), "mine");
    await press(mine, choice);
    await see(mine, ".queue .outcome", outcome);
    await see(mine, "#queue-count", "Nothing is queued");
    await holds(mine, winner);
    await holds(theirs, winner);
  });
}

test("a conflict leaves with its write, and stays while a later write of the note is discarded", async () => {
  const { mine, theirs } = await openTabs();
  await save(mine, "first");
  await see(mine, "#queue-note", "Saved as revision 1.");
  await holds(theirs, "first");
  await flip(mine, "Go offline");
  await save(mine, "mine");
  await see(mine, "#queue-count", "1 write is queued");
  await save(mine, "mine too");
  await see(mine, "#queue-count", "2 writes are queued");
  await theirs.bringToFront();
  await save(theirs, "theirs");
  await see(theirs, ".queue .outcome", "Saved note.today.");
  await mine.bringToFront();
  await flip(mine, "Go offline");
  await see(mine, ".conflict", "another client has written note.today");
  const discard = mine.getByRole("button", { name: "Discard the put of note.today" });
  await discard.last().click();
  await see(mine, "#queue-count", "1 write is queued");
  assert.equal(await mine.locator(".conflict").count(), 1);
  await discard.click();
  await see(mine, "#queue-count", "Nothing is queued");
  assert.equal(await mine.locator(".conflict").count(), 0);
  await holds(mine, "theirs");
});

test("a text that the server refuses stays in the field", async () => {
  const { mine } = await openTabs();
  await mine.route("**/keys/note.*", (route) =>
    route.request().method() === "PUT"
      ? route.fulfill({ status: 413, json: { error: "value too large" } })
      : route.continue(),
  );
  await save(mine, "very long");
  await see(mine, ".queue .outcome", "value too large");
  await holds(mine, "very long");
});

test("the queue survives a reload and drains when the server is reached", async () => {
  const { mine, theirs } = await openTabs();
  await mine.route("**/keys/note.*", (route) => route.abort("connectionrefused"));
  await flip(mine, "Go offline");
  await save(mine, "kept");
  await mine.getByRole("combobox", { name: "Note" }).selectOption("note.ideas");
  await save(mine, "another");
  await see(mine, "#queue-count", "2 writes are queued");
  stage.cutOff(mine);
  await mine.reload();
  await see(mine, "#queue-count", "2 writes are queued");
  await queued(mine, "note.ideas");
  await holds(mine, "kept");
  await mine.unroute("**/keys/note.*");
  await see(mine, "#queue-count", "Nothing is queued");
  await holds(theirs, "kept");
});

test("a queued write can be discarded; a store in the tab has no outbox", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(`${url}/?server=here`);
  await createOwnBucket(page);
  await flip(page, "Go offline");
  await save(page, "unwanted");
  await queued(page, "put");
  await press(page, "Discard the put of note.today");
  await see(page, "#queue-count", "Nothing is queued");
  await see(page, "#queue-note", "There is no such note.");
  await page.goto(`${url}/`);
  await createOwnBucket(page);
  assert.equal(await page.locator("#queue").isVisible(), false);
});
