// The store or server in use, the state of the connection, and the page's URL.

import assert from "node:assert/strict";
import { test } from "node:test";
import { createBucket, press, put, see, seeError, seeKeys, snippet } from "./actions.mjs";
import { setStage } from "./stage.mjs";

const stage = setStage();

test("starts with an empty store in the tab, and can empty it", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await see(page, "#connection-chip", "In this tab");
  await see(page, "#connection-facts", /memory.*default.*none yet/s);
  await see(page, "#no-buckets", "No buckets yet");
  await createBucket(page, "mine");
  await see(page, "#connection-facts", "connected");
  await press(page, "Start with an empty store");
  await see(page, "#welcome-title", "Choose a bucket");
  await see(page, "#no-buckets", "No buckets yet");
});

test("choosing This server connects at once, so that a new bucket is on the server", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await see(page, "#connection-chip", "In this tab");
  await page.getByRole("radio", { name: "This server" }).check();
  await see(page, "#connection-chip", `Connected to ${new URL(url).host}`);
  await see(page, "#connection-facts", "REST, WebSocket");
  assert.match(await snippet(page), new RegExp(`serverUrl: "${url}"`));
  await createBucket(page, "on-the-server");
  const buckets = await (await fetch(`${url}/api/v1/kv/buckets`)).json();
  assert.ok(buckets.buckets.some((/** @type {any} */ { name }) => name === "on-the-server"));
});

for (const [watchVersions, shown] of /** @type {const} */ ([
  ["1", /^connected, version 1$/],
  ["1,2", /^connected, version 2$/],
])) {
  test(`names the version of the watch on a server with ${watchVersions}`, async () => {
    const { url } = await stage.startServer({ watchVersions });
    const page = await stage.open(url);
    await page.getByRole("radio", { name: "This server" }).check();
    await see(page, "#connection-chip", `Connected to ${new URL(url).host}`);
    await see(page, "#fact-watch", "none yet");
    await createBucket(page, "watched");
    await see(page, "#fact-watch", shown);
  });
}

test("the choice made last wins, also while the page connects", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.openApart(url);
  await createBucket(page, "mine");
  /** @type {(() => void)[]} */
  const held = [];
  await page.route("**/api/v1/kv/buckets", async (route) => {
    await new Promise((resolve) => held.push(() => resolve(undefined)));
    await route.continue();
  });
  await page.getByRole("radio", { name: "This server" }).check();
  await see(page, "#connection-chip", "Connecting");
  await page.getByRole("radio", { name: "In this tab" }).check();
  await see(page, "#connection-chip", "In this tab");
  const response = page.waitForResponse("**/api/v1/kv/buckets");
  for (const release of held) release();
  await (await response).finished();
  await see(page, "#connection-chip", "In this tab");
  await see(page, "#keys-bucket", "mine");
});

test("an API key opens a guarded server, and stays out of address, storage and code", async () => {
  const guarded = await stage.startServer({ apiKeys: ["sesame", "peep:read"] });
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  await page.getByRole("radio", { name: "Another server" }).check();
  await page.getByLabel("Server URL").fill(guarded.url);
  await press(page, "Connect");
  await see(page, "#connection-outcome", "needs a valid API key");
  await seeError(
    page,
    "#connection-outcome",
    /UnauthenticatedError\s+UNAUTHENTICATED\s+status 401/,
  );
  await see(page, "#connection-chip", "In this tab");

  await page.getByLabel("API key").fill("sesame");
  await page.getByLabel("Environment").fill("staging");
  await press(page, "Connect");
  await see(page, "#connection-chip", "Connected to");
  await see(page, "#connection-facts", "staging");
  await press(page, "Create a bucket with sample keys");
  await see(page, "#key-count", "10 keys");
  assert.match(await snippet(page), /apiKey: YOUR_API_KEY/);

  await page.getByLabel("API key").fill("peep");
  await press(page, "Connect");
  await page.locator("#bucket-list button", { hasText: "demo" }).click();
  await page.getByLabel("Key", { exact: true }).fill("flag");
  await page.locator("#value").fill("false");
  await press(page, "Put");
  await see(page, "#entry-outcome", "This API key does not permit that");
  await seeError(page, "#entry-outcome", /UnauthorizedError\s+UNAUTHORIZED\s+status 403/);

  const kept = await page.evaluate(() => [localStorage.length, sessionStorage.length]);
  assert.deepEqual(kept, [0, 0]);
  assert.doesNotMatch(`${page.url()} ${await snippet(page)}`, /sesame|peep/);
});

test("reports an unreachable address", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(url);
  stage.cutOff(page);
  const silent = await stage.startServer();
  await silent.stop();
  await page.getByRole("radio", { name: "Another server" }).check();
  await page.getByLabel("Server URL").fill(silent.url);
  await press(page, "Connect");
  await see(page, "#connection-outcome", "The server could not be reached");
  await seeError(page, "#connection-outcome", /ConnectionError\s+REQUEST_FAILED/);
});

test("a stopped server is reported as unreachable until it is back", async () => {
  const dying = await stage.startServer();
  const page = await stage.open(`${dying.url}/?server=here`);
  stage.cutOff(page);
  await dying.stop();
  await page.locator("#bucket-name").fill("late");
  await press(page, "Create bucket");
  await seeError(page, "#bucket-outcome", /ConnectionError\s+REQUEST_FAILED\s+retryable/);
  await see(page, "#connection-chip", "Server unreachable");
  await stage.startServer({ listen: new URL(dying.url).host });
  await press(page, "Create bucket");
  await see(page, "#keys-bucket", "late");
  await see(page, "#connection-chip", "Connected to");
});

test("the URL contains server, bucket and filter", async () => {
  const { url } = await stage.server("memory");
  const page = await stage.open(`${url}/?server=here`);
  await createBucket(page, "linked");
  await put(page, "user.1", "1");
  await put(page, "flag", "1");
  await page.getByLabel("Filter").fill("user.*");
  await seeKeys(page, ["user.1"]);
  // The driver sees a new URL a moment later than the page.
  const address = `${url}/?server=here&bucket=linked&filter=user.*`;
  await page.waitForURL((found) => found.href === address);

  const other = await stage.open(address);
  await see(other, "#keys-bucket", "linked");
  await seeKeys(other, ["user.1"]);
  assert.equal(await other.getByLabel("Filter").inputValue(), "user.*");
});

test("a URL of a missing bucket reports that, and offers to create it", async () => {
  const { url } = await stage.server("memory");
  for (const address of [`${url}/?bucket=gone`, `${url}/?server=here&bucket=gone`]) {
    const page = await stage.open(address);
    await see(page, "#keys-notice", "There is no bucket gone.");
    await press(page, "Create gone");
    await see(page, "#no-keys", "No keys yet");
    await see(page, "#bucket-list", "gone");
  }
});

test("a URL with a server of another origin waits for a click on Connect", async () => {
  const [{ url }, other] = [await stage.server("memory"), await stage.startServer()];
  const query = `?server=${encodeURIComponent(other.url)}&environment=lab&bucket=far`;
  const page = await stage.open(`${url}/${query}`);
  await see(page, "#connection-chip", "Not connected");
  await press(page, "Create a bucket with sample keys");
  await see(page, "#bucket-outcome", "connect first");
  assert.equal(page.url(), `${url}/${query}`);
  await press(page, "Connect");
  await see(page, "#connection-chip", `Connected to ${new URL(other.url).host}`);
  await see(page, "#keys-notice", "There is no bucket far.");
});
