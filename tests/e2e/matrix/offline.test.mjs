// Persisted views in Chromium, Firefox and WebKit.

import { describe, test } from "node:test";
import { testPersistedViews } from "../support/persisted-views.mjs";
import { browsers } from "../support/tabs.mjs";

for (const [name, launch] of Object.entries(browsers)) {
  if (launch) describe(name, () => testPersistedViews(launch, name === "Chromium" ? 100 : 20));
  else test(name, (t) => t.skip(`not run: there is no ${name}`));
}
