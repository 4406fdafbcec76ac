// Buckets: created with every option, described, deleted.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createBucket, createOwnBucket, press, put, see, seeError, snippet } from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

for (const [name, backend, query] of places) {
  describe(`buckets ${name}`, () => {
    const open = async () => stage.open(`${(await stage.server(backend)).url}/${query}`);

    test("are created with every option, which takes effect", async () => {
      const page = await open();
      await page.getByText("Options").click();
      await page.getByLabel("Name").fill("small");
      await page.getByLabel("Description").fill("for small things");
      await page.getByLabel("History").fill("3");
      await page.getByLabel("Time to live").fill("600");
      await page.getByLabel("Value limit").fill("16");
      await page.getByLabel("Total limit").fill("20000");
      await press(page, "Create bucket");
      await see(page, "#bucket-outcome", "Created bucket small");
      await see(page, "#bucket-info", /for small things.*3 revisions per key.*600 s/s);
      const config =
        /createBucket\({\s+name: "small",\s+description: "for small things",\s+history: 3,/;
      assert.match(await snippet(page), config);

      await put(page, "a", '"short"');
      await see(page, "#bucket-info", "1, ");
      await page.locator("#value").fill('"far too long for this"');
      await press(page, "Put");
      await see(page, "#entry-outcome", "exceeds the bucket's limit");
      await seeError(page, "#entry-outcome", /IronflowError\s+HTTP_413\s+status 413/);

      await page.locator("#new-bucket summary").first().click();
      await page.getByLabel("Name").fill("small");
      await press(page, "Create bucket");
      await see(page, "#bucket-outcome", "already exists, with other settings");
      await seeError(page, "#bucket-outcome", /IronflowError\s+HTTP_409\s+status 409/);
    });

    test("are created with sample keys, under an unused name", async () => {
      const page = await open();
      await press(page, "Create a bucket with sample keys");
      await see(page, "#keys-bucket", /^demo$/);
      await see(page, "#key-count", "10 keys");
      await press(page, "10 keys");
      await see(page, "#keys-bucket", "demo-2");
      await see(page, "#bucket-list", /demo\s*10.*demo-2\s*10/s);
    });

    test("are deleted after confirmation", async () => {
      const page = await open();
      const bucket = await createOwnBucket(page);
      await press(page, "Delete this bucket");
      await press(page, "Cancel");
      await see(page, "#keys-bucket", bucket);
      await press(page, "Delete this bucket");
      await press(page, "Delete the bucket");
      await see(page, "#bucket-outcome", `Bucket ${bucket} is deleted`);
      await see(page, "#welcome-title", "Choose a bucket");
    });
  });
}

test("an invalid bucket name is refused", async () => {
  const page = await stage.open((await stage.server("memory")).url);
  await page.getByLabel("Name").fill("no spaces");
  await press(page, "Create bucket");
  await seeError(page, "#bucket-outcome", /ValidationError\s+VALIDATION_ERROR/);
});

test("a bucket that another client deletes is reported as missing", async () => {
  const { url } = await stage.server("memory");
  const [one, two] = [await stage.open(`${url}/?server=here`), await stage.open(url)];
  await createBucket(one, "doomed");
  await two.goto(`${url}/?server=here&bucket=doomed`);
  await see(two, "#watch-chip", "Watching");
  await press(one, "Delete this bucket");
  stage.missesBucket(two);
  await press(one, "Delete the bucket");
  await see(two, "#keys-notice", "There is no bucket doomed.");
  await see(two, "#watch-chip", "Ended");
  await createBucket(one, "doomed");
  await see(two, "#watch-chip", "Watching");
  await two.waitForSelector("#keys-notice", { state: "hidden" });
});
