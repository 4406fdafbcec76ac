// The outbox in Chromium and Firefox, with many kills.

import { describe, test } from "node:test";
import { testOutbox } from "../support/outbox-tabs.mjs";
import { browsers } from "../support/tabs.mjs";

for (const name of /** @type {const} */ (["Chromium", "Firefox"])) {
  const launch = browsers[name];
  if (launch) describe(name, () => testOutbox(launch, name === "Chromium" ? 100 : 20));
  else test(name, (t) => t.skip(`not run: there is no ${name}`));
}
