// Writes of pages that unload, and writes that the browser resends, in Firefox and WebKit.

import { describe, test } from "node:test";
import { testBrowserWrites } from "../support/browser-writes.mjs";
import { browsers } from "../support/tabs.mjs";

const { Firefox, WebKit } = browsers;
for (const [name, launch] of Object.entries({ Firefox, WebKit })) {
  // Firefox may end the process of a tab before it has passed on the body.
  const options = { closes: name !== "Firefox" };
  if (launch) describe(name, () => testBrowserWrites(launch, options));
  else test(name, (t) => t.skip(`not run: there is no ${name}`));
}
