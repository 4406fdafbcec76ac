// The page is local-first: a click counts before the server has it, and the keys are there before the server responds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createOwnBucket, flip, press, row, see, stored } from "./actions.mjs";
import { setStage } from "./stage.mjs";

const stage = setStage();

test("a click counts at once, and is taken back when the server cannot be reached", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(`${url}/?server=here`);
  await createOwnBucket(page);
  await press(page, "Add 1");
  await see(page, "#counter-value", /^1$/);
  await see(page, "#counter-words", "You added 1 time.");
  await flip(page, "Pull the plug");
  // What is shown for a moment only could be over before a busy machine looks for it.
  const shown = await page.evaluateHandle(() => {
    const value = /** @type {HTMLElement} */ (document.querySelector("#counter-value"));
    const words = document.querySelector("#counter-words");
    /** @type {string[]} */
    const all = [];
    const note = () =>
      all.push(`${value.dataset.pending} ${value.innerText}: ${words?.textContent}`);
    const panel = /** @type {Element} */ (document.querySelector("#counter"));
    const everything = { attributes: true, childList: true, characterData: true, subtree: true };
    new MutationObserver(note).observe(panel, everything);
    return all;
  });
  await press(page, "Add 1");
  await see(page, "#counter-outcome", "The server could not be reached.");
  await see(page, "#counter-value[data-pending=false]", /^1$/);
  await see(page, "#counter-words", "You added 1 time.");
  assert.match((await shown.jsonValue()).join("\n"), /^true 2: .* Not saved yet/m);
});

test("after a reload the keys and the counter are there before the server has sent them", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.openApart(`${url}/?server=here`);
  await createOwnBucket(page);
  await press(page, "Add 1");
  await see(page, "#counter-words", "You added 1 time.");
  // The table and the counter keep an entry each.
  await stored(page, "demo", 2);
  /** @type {() => void} */
  let release = () => {};
  /** @type {Promise<void>} */
  const released = new Promise((resolve) => {
    release = resolve;
  });
  await page.routeWebSocket(/\/watch/, async (socket) => {
    await released;
    socket.connectToServer();
  });
  await page.reload();
  await see(page, "#key-count", /^1 key from the last visit; syncing…$/);
  await row(page, "counter").waitFor();
  await see(page, "#counter-value", /^1$/);
  release();
  await see(page, "#key-count", /^1 key$/);
  await press(page, "Add 1");
  await see(page, "#counter-value[data-pending=false]", /^2$/);
});

test("keys that need an API key, and those of a store in the tab, are not kept", async () => {
  const server = await stage.startServer({ apiKeys: ["secret"] });
  const page = await stage.openApart(server.url);
  await createOwnBucket(page);
  await press(page, "Add 1");
  await see(page, "#counter-value", /^1$/);
  await page.locator("input[name=where][value=here]").check();
  await page.locator("#api-key").fill("secret");
  await press(page, "Connect");
  await see(page, "#connection-chip", "Connected");
  await createOwnBucket(page);
  await press(page, "Add 1");
  await see(page, "#counter-value[data-pending=false]", /^1$/);
  await page.waitForFunction(async () => (await indexedDB.databases()).length === 0);
});
