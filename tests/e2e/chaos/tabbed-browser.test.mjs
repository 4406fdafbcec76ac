// The browser itself: its pages can be hidden and frozen.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openStage } from "./stage.mjs";
import { SubjectPage } from "./subject-page.mjs";

/** @type {Awaited<ReturnType<typeof openStage>>} */
let stage;
before(async () => {
  stage = await openStage();
});
after(() => stage?.close());

for (const [how, expected] of /** @type {const} */ ([
  ["hide", ["visibilitychange hidden", "visibilitychange visible"]],
  [
    "freeze",
    [...["visibilitychange hidden", "freeze hidden", "resume hidden"], "visibilitychange visible"],
  ],
])) {
  test(`${how}: the page sees it, and is visible again in the end`, async () => {
    const subject = await SubjectPage.openSubject(
      stage.tabs,
      stage.url,
      "/chaos/plain-client.mjs",
      {
        serverUrl: stage.url,
      },
    );
    await subject.page.evaluate(() => {
      /** @type {string[]} */
      const seen = [];
      Object.assign(globalThis, { seen });
      for (const name of ["visibilitychange", "freeze", "resume"]) {
        document.addEventListener(name, () => seen.push(`${name} ${document.visibilityState}`));
      }
    });
    await subject[how](100);
    await subject.page.waitForFunction(() => document.visibilityState === "visible");
    assert.deepEqual(await subject.page.evaluate(() => Reflect.get(globalThis, "seen")), expected);
    await subject.close();
  });
}
