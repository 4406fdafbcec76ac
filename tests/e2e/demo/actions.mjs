import assert from "node:assert/strict";

/** Actions of a person on the page, and what the person waits for. */

/** @typedef {import("playwright-core").Page} Page */

/** Waits until an element holds a text. @param {Page} page @param {string} selector @param {string | RegExp} text */
export const see = (page, selector, text) =>
  page.locator(selector).filter({ hasText: text, visible: true }).first().waitFor();

/** @param {Page} page @param {string} name */
export const press = (page, name) => page.getByRole("button", { name, exact: true }).click();

/** @param {Page} page @param {string} name */
export const flip = (page, name) => page.getByRole("switch", { name }).click();

/** @param {Page} page @param {string} name */
export async function createBucket(page, name) {
  const more = page.locator("#new-bucket");
  if ((await more.getAttribute("open")) === null) await more.locator("summary").first().click();
  await page.locator("#bucket-name").fill(name);
  await press(page, "Create bucket");
  await see(page, "#keys-bucket", name);
  await see(page, "#watch-chip", "Watching");
  await see(page, "#key-count", "0 keys");
}

/** A bucket that no other test uses. @param {Page} page */
export async function createOwnBucket(page) {
  buckets += 1;
  const name = `bucket-${process.pid}-${buckets}`;
  await createBucket(page, name);
  return name;
}
let buckets = 0;

/** @param {Page} page @param {string} key @param {string} value @param {string} [format] */
export async function type(page, key, value, format = "json") {
  await page.getByLabel("Key", { exact: true }).fill(key);
  await page.locator("#format").selectOption(format);
  await page.locator("#value").fill(value);
}

/** @param {Page} page @param {string} key @param {string} value @param {string} [format] */
export async function put(page, key, value, format) {
  await type(page, key, value, format);
  await press(page, "Put");
  await see(page, "#entry-outcome", `Put ${key}`);
}

/** The rows on the screen: key, value and revision of each. @param {Page} page */
export const rows = (page) =>
  page
    .locator(".rows .line")
    .evaluateAll((lines) =>
      lines
        .sort(
          (a, b) =>
            Number(a.getAttribute("aria-rowindex")) - Number(b.getAttribute("aria-rowindex")),
        )
        .map((line) => [...line.children].slice(0, 3).map((cell) => cell.textContent ?? "")),
    );

/** Waits until the table shows these keys. @param {Page} page @param {readonly string[]} keys */
export async function seeKeys(page, keys) {
  const wanted = keys.length === 1 ? "1 key" : `${keys.length} keys`;
  await see(page, "#key-count", new RegExp(`^${wanted}$`));
  await page.waitForFunction((texts) => {
    const lines = [...document.querySelectorAll(".rows .line")].map((line) => [
      Number(line.getAttribute("aria-rowindex")),
      line.firstElementChild?.textContent,
    ]);
    lines.sort(([a], [b]) => Number(a) - Number(b));
    return String(lines.map(([, key]) => key)) === String(texts);
  }, keys);
}

/** @param {Page} page @param {string} key */
export const row = (page, key) =>
  page.locator(".rows .line").filter({ has: page.getByText(key, { exact: true }) });

/** Waits until the row of a key is the chosen one: the table is drawn in the next frame. @param {Page} page @param {string} key */
export const seeChosen = (page, key) =>
  row(page, key).and(page.locator('[aria-selected="true"]')).waitFor();

/** The snippet that is shown. @param {Page} page */
export const snippet = (page) => page.locator("#code-text").innerText();

/** Asserts the facts of a shown error: class, code and status. @param {Page} page @param {string} selector @param {RegExp} facts */
export async function seeError(page, selector, facts) {
  await page.locator(`${selector} .error-facts`).first().waitFor();
  assert.match(await page.locator(selector).innerText(), facts);
}

/** Waits until a storage of the page holds so many entries. @param {Page} page @param {string} name @param {number} wanted */
export const stored = (page, name, wanted) =>
  page.evaluate(
    async ({ database: of, number }) => {
      const request = indexedDB.open(`ironflow:${of}`);
      const database = await new Promise((resolve) => {
        request.onsuccess = () => resolve(request.result);
      });
      const count = () =>
        new Promise((resolve) => {
          const counted = database.transaction("entries").objectStore("entries").count();
          counted.onsuccess = () => resolve(counted.result);
        });
      while ((await count()) < number) await new Promise((resolve) => setTimeout(resolve, 20));
      database.close();
    },
    { database: name, number: wanted },
  );
