// The outbox in Chromium and Firefox, with many kills.

import { describe, test } from "node:test";
import { testOutboxList } from "../support/outbox-list.mjs";
import { testOutbox } from "../support/outbox-tabs.mjs";
import { browsers } from "../support/tabs.mjs";

for (const name of /** @type {const} */ (["Chromium", "Firefox"])) {
  const launch = browsers[name];
  if (launch) {
    describe(name, () => {
      testOutbox(launch, name === "Chromium" ? 100 : 20);
      for (const versions of /** @type {const} */ (["1,2", "1"]))
        testOutboxList(launch, 10, versions);
    });
  } else test(name, (t) => t.skip(`not run: there is no ${name}`));
}
