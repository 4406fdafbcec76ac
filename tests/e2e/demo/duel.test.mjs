// Two people edit one key: one save wins, the other is refused, merges and saves again.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createOwnBucket, press, row, see, seeError, snippet } from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

for (const [name, backend, query] of places) {
  describe(`the duel ${name}`, () => {
    async function begin() {
      const { url } = await stage.server(backend);
      const page = await stage.open(`${url}/${query}`);
      await createOwnBucket(page);
      return page;
    }

    test("by hand: one wins, the other sees the 412, merges and saves again", async () => {
      const page = await begin();
      await press(page, "Begin");
      const ann = page.getByRole("region", { name: "Ann" });
      const ben = page.getByRole("region", { name: "Ben" });
      await ann.getByText("based on revision 1").waitFor();
      await ben.getByText("based on revision 1").waitFor();

      await ann.getByLabel("Room").fill("Green");
      await ben.getByLabel("Time").fill("11:30");
      await ben.getByLabel("Title").fill("Retrospective");
      await ann.getByRole("button", { name: "Save" }).click();
      await ann.getByText("Saved as revision 2.").waitFor();
      await ben.getByRole("button", { name: "Save" }).click();
      await ben.getByText("another client wrote it in between").waitFor();
      await seeError(page, '[aria-label="Ben"] .outcome', /HTTP_412\s+status 412/);

      await ben.getByRole("button", { name: "Read and merge" }).click();
      await ben.getByText("Took their room.").waitFor();
      assert.equal(await ben.getByLabel("Room").inputValue(), "Green");
      assert.match(await snippet(page), /bucket\.modify\("meeting\.monday"/);
      await ben.getByRole("button", { name: "Save" }).click();
      await ben.getByText("Saved as revision 3.").waitFor();
      assert.match(await snippet(page), /bucket\.update\(\s*"meeting\.monday"/);
      await row(page, "meeting.monday").click();
      await see(page, "#entry-outcome", "Got meeting.monday");
      const stored = JSON.parse(await page.locator("#value").inputValue());
      assert.deepEqual(stored, { title: "Retrospective", room: "Green", time: "11:30" });
    });

    test("if both changed a field, mine stays and a message says so", async () => {
      const page = await begin();
      await press(page, "Begin");
      const ann = page.getByRole("region", { name: "Ann" });
      const ben = page.getByRole("region", { name: "Ben" });
      await ben.getByText("based on revision 1").waitFor();
      await ann.getByLabel("Room").fill("Green");
      await ben.getByLabel("Room").fill("Red");
      await ann.getByRole("button", { name: "Save" }).click();
      await ann.getByText("Saved as revision 2.").waitFor();
      await ben.getByRole("button", { name: "Save" }).click();
      await ben.getByRole("button", { name: "Read and merge" }).click();
      await ben.getByText("Both changed the room: yours stays, theirs was “Green”.").waitFor();
      assert.equal(await ben.getByLabel("Room").inputValue(), "Red");
    });

    test("plays by itself and ends with both changes in the document", async () => {
      const page = await begin();
      await press(page, "Play");
      await see(page, "#duel-steps", /save is refused \(412\).*merges.*saves/s);
      await row(page, "meeting.monday").click();
      await see(page, "#entry-outcome", "Got meeting.monday");
      const stored = JSON.parse(await page.locator("#value").inputValue());
      assert.deepEqual(stored, { title: "Planning", room: "Green", time: "11:30" });
    });
  });
}
