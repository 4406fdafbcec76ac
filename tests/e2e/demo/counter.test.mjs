// The counter: it stays exact while the answers to its writes are lost.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { api } from "../support/api.mjs";
import { createOwnBucket, flip, press, row, see, snippet } from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

for (const [name, backend, query] of places) {
  describe(`the counter ${name}`, () => {
    test("adds one with each click, and follows other clients", async () => {
      const { url } = await stage.server(backend);
      const page = await stage.open(`${url}/${query}`);
      await createOwnBucket(page);
      await see(page, "#counter-value", /^0$/);
      for (const count of ["1", "2", "3"]) {
        await press(page, "Add 1");
        await see(page, "#counter-value", new RegExp(`^${count}$`));
      }
      await see(page, "#counter-words", "You added 3 times.");
      assert.match(await snippet(page), /view\.mutate\("counter", add\)/);
      await row(page, "counter").click();
      await see(page, "#entry-outcome", "Got counter");
      await page.locator("#value").fill("10");
      await press(page, "Put");
      await see(page, "#counter-value", /^10$/);
    });
  });
}

test("while answers are lost, each click adds one, with one revision", async () => {
  const { url } = await stage.server("nats");
  const page = await stage.open(`${url}/?server=here`);
  const bucketName = await createOwnBucket(page);
  await press(page, "Add 1");
  await see(page, "#counter-value", /^1$/);
  await flip(page, "Lose the answer");
  for (const count of ["2", "3", "4"]) {
    await press(page, "Add 1");
    await see(page, "#counter-value", new RegExp(`^${count}$`));
  }
  await see(page, "#counter-words", "You added 4 times. 3 answers got lost.");
  const bucket = api.createClient({ serverUrl: url, logger: false }).kv().bucket(bucketName);
  const entry = await bucket.get("counter");
  assert.deepEqual([entry.json(), entry.revision], [4, 4]);
  await flip(page, "Lose the answer");
  await press(page, "Add 1");
  await see(page, "#counter-words", "You added 5 times. 3 answers got lost.");
});

test("a store in the tab has no answers to lose", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await createOwnBucket(page);
  assert.ok(await page.getByRole("switch", { name: "Lose the answer" }).isDisabled());
  await see(page, "#lose-words", "Connect to a server.");
});
