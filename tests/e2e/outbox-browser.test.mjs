// The outbox in Chromium. More kills, and Firefox, are in matrix/.

import { testOutbox } from "./support/outbox-tabs.mjs";
import { browsers } from "./support/tabs.mjs";

testOutbox(browsers.Chromium, 8);
