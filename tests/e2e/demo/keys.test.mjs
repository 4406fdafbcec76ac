// The keys of a bucket as a live table, and the entry that is open beside it.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import {
  createBucket,
  createOwnBucket,
  press,
  put,
  row,
  rows,
  see,
  seeChosen,
  seeError,
  seeKeys,
  snippet,
  type,
} from "./actions.mjs";
import { places, setStage } from "./stage.mjs";

const stage = setStage();

for (const [name, backend, query] of places) {
  describe(`keys ${name}`, () => {
    let url = "";
    before(async () => {
      url = `${(await stage.server(backend)).url}/${query}`;
    });

    async function begin() {
      const page = await stage.open(url);
      await createOwnBucket(page);
      return page;
    }

    test("are put, shown and opened", async () => {
      const page = await begin();
      await see(page, "#no-keys", "No keys yet");
      await put(page, "user.1", '{"name":"Zoë 🦀"}');
      await seeKeys(page, ["user.1"]);
      assert.deepEqual(await rows(page), [["user.1", '{ "name": "Zoë 🦀" }', "1"]]);
      await see(page, ".rows .age", "now");
      assert.match(await snippet(page), /await bucket\.put\("user\.1", { name: "Zoë 🦀" }\)/);

      await page.locator("#value").fill("");
      await row(page, "user.1").click();
      await see(page, "#entry-outcome", "Got user.1 at revision 1.");
      assert.equal(await page.locator("#value").inputValue(), '{\n  "name": "Zoë 🦀"\n}');
      await see(page, "#entry-facts", "Revision 1, 20 bytes");
      assert.equal(await page.getByLabel("Only if still at revision").inputValue(), "1");
      await seeChosen(page, "user.1");
    });

    test("are created only if they do not exist, and updated only from the last revision", async () => {
      const page = await begin();
      await type(page, "counter", "1");
      await press(page, "Create only");
      await see(page, "#entry-outcome", "Created counter: it is at revision 1");
      await page.locator("#value").fill("2");
      await press(page, "Update");
      await see(page, "#entry-outcome", "it is at revision 2");

      await page.getByLabel("Only if still at revision").fill("1");
      await press(page, "Update");
      await see(page, "#entry-outcome", "another client wrote it in between");
      await seeError(page, "#entry-outcome", /IronflowError\s+HTTP_412\s+status 412/);
      await press(page, "Get the current entry");
      await see(page, "#entry-outcome", "Got counter at revision 2");
      await press(page, "Create only");
      await see(page, "#entry-outcome", "The key already exists");

      await page.getByLabel("Key", { exact: true }).fill("another");
      await press(page, "Update");
      await see(page, "#entry-outcome", "Get the key first");
    });

    test("are deleted and purged, and leave the table", async () => {
      const page = await begin();
      await put(page, "short.lived", "1");
      await seeKeys(page, ["short.lived"]);
      await press(page, "Delete");
      await see(page, "#entry-outcome", "Deleted short.lived");
      await see(page, "#no-keys", "No keys yet");
      await press(page, "Get");
      await see(page, "#entry-outcome", "There is no such key");
      await seeError(page, "#entry-outcome", /IronflowError\s+HTTP_404\s+status 404/);

      await press(page, "Purge");
      await press(page, "Cancel");
      await press(page, "Purge");
      await press(page, "Purge the key");
      await see(page, "#entry-outcome", "Purged short.lived");
    });

    test("are filtered by a pattern, which is explained", async () => {
      const page = await begin();
      for (const key of ["user", "user.123", "user.456", "user:123", "user.123.name"]) {
        await put(page, key, "1");
      }
      const filter = page.getByLabel("Filter");
      const cases = /** @type {const} */ ([
        ["*", ["user", "user:123"]],
        ["user.*", ["user.123", "user.456"]],
        ["user.>", ["user.123", "user.123.name", "user.456"]],
        ["user.456", ["user.456"]],
      ]);
      for (const [pattern, keys] of cases) {
        await filter.fill(pattern);
        await seeKeys(page, keys);
      }
      await filter.fill("us*");
      await see(page, "#no-keys", "No key matches us*");
      await see(page, "#filter-hint", "a wildcard is an ordinary character");
      await filter.fill("user..1");
      await see(page, "#filter-hint", "A token must not be empty");
      await press(page, "user.>");
      await see(page, "#filter-hint", /“user”, then one or more tokens. Matches user\.123/);
      await seeKeys(page, ["user.123", "user.123.name", "user.456"]);
    });
  });
}

test("values hold JSON, text and bytes, each shown as what it is", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await createOwnBucket(page);
  for (const [format, value, cell] of /** @type {const} */ ([
    ["text", "plain words", "plain words"],
    ["bytes", "AP/+gA==", "base64 AP/+gA=="],
    ["json", '"quoted"', '"quoted"'],
    ["text", "", ""],
  ])) {
    await put(page, "value", value, format);
    await page.locator("#value").fill("else");
    await press(page, "Get");
    await see(page, "#entry-outcome", "Got value");
    assert.equal(await page.locator("#value").inputValue(), value);
    assert.equal(await page.locator("#format").inputValue(), format);
    await page.waitForFunction(
      (text) => document.querySelector(".rows .value")?.textContent === text,
      cell,
    );
  }
});

test("an invalid key or invalid JSON is refused", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await createOwnBucket(page);
  await type(page, "a b", "1");
  await press(page, "Put");
  await see(page, "#entry-outcome", "not a valid name, key, pattern or value");
  await seeError(page, "#entry-outcome", /ValidationError\s+VALIDATION_ERROR/);
  await type(page, "a", "{");
  await press(page, "Put");
  await see(page, "#entry-outcome", 'Or choose "text"');
});

test("two tabs on one server follow each other", async () => {
  for (const backend of /** @type {const} */ (["memory", "nats"])) {
    const { url } = await stage.server(backend);
    const one = await stage.open(`${url}/?server=here`);
    await createBucket(one, "shared");
    const link = await one.getByRole("link", { name: "second tab" }).getAttribute("href");
    const two = await stage.open(String(link));
    await see(two, "#watch-chip", "Watching");

    await put(one, "greeting", '"hello from one"');
    await seeKeys(two, ["greeting"]);
    await see(two, ".rows .value", "hello from one");
    await row(two, "greeting").click();
    await see(two, "#entry-outcome", "Got greeting");

    // An untouched form follows the key.
    await put(one, "greeting", '"hello again"');
    await see(two, "#entry-facts", "written by another client just now");
    assert.equal(await two.locator("#value").inputValue(), '"hello again"');

    // An edited form keeps its input and shows a warning.
    await two.locator("#value").fill('"mine"');
    await put(one, "greeting", '"and again"');
    await see(two, "#cas-hint", "an update from 2 will be refused");
    assert.equal(await two.locator("#value").inputValue(), '"mine"');
    await press(two, "Update");
    await see(two, "#entry-outcome", "another client wrote it in between");

    await press(one, "Delete");
    await see(two, "#no-keys", "No keys yet");
  }
});

test("the age of keys older than the page is read from the server", async () => {
  const { url } = await stage.server("nats");
  const page = await stage.open(`${url}/?server=here`);
  await createBucket(page, "aged");
  await put(page, "old", "1");
  const later = await stage.open(page.url());
  await see(later, ".rows .age", /now|\d+ s/);
});

test("while keys are read the table shows the progress", async () => {
  // On version 2 of the wire the keys come over the socket.
  const { url } = await stage.startServer({ watchVersions: "1" });
  const page = await stage.open(`${url}/?server=here`);
  await createBucket(page, "slow");
  for (const key of ["a", "b"]) await put(page, key, "1");
  let letThrough = () => {};
  const open = new Promise((resolve) => {
    letThrough = () => resolve(undefined);
  });
  const slow = await stage.openApart("about:blank");
  const asked = slow.waitForRequest("**/buckets/slow/keys/*");
  let reads = 0;
  await slow.route("**/buckets/slow/keys/*", async (route) => {
    reads += 1;
    // The first read shows which revision the bucket has reached.
    if (reads > 1) await open;
    await route.continue();
  });
  await slow.goto(page.url());
  await see(slow, "#no-keys", "Reading the keys…");
  await asked;
  await see(slow, "#key-count", "0 keys so far…");
  await slow.locator("#key-progress[max='2']").waitFor();
  letThrough();
  await see(slow, "#key-count", /^2 keys$/);
  assert.equal(await slow.locator("#key-progress").isVisible(), false);
});

test("a value older than its time to live is marked as expired where no event reports it", async () => {
  // A bucket with a total limit on JetStream lacks expiry events.
  const { url } = await stage.server("nats");
  const page = await stage.open(`${url}/?server=here`);
  await page.getByText("Options").click();
  await page.getByLabel("Time to live").fill("1");
  await page.getByLabel("Total limit").fill("100000");
  await createBucket(page, "brief");
  await put(page, "session", "1");
  await see(page, ".rows .age", "expired");
});
