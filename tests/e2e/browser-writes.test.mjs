// Writes of pages that unload, and writes that the browser resends, in Chromium. The others are in matrix/.

import { testBrowserWrites } from "./support/browser-writes.mjs";
import { browsers } from "./support/tabs.mjs";

testBrowserWrites(browsers.Chromium, { cancels: true });
