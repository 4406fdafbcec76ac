// The outbox in Chromium. More kills, and Firefox, are in soak/.

import { testOutboxList } from "./support/outbox-list.mjs";
import { testOutbox } from "./support/outbox-tabs.mjs";
import { browsers } from "./support/tabs.mjs";

testOutbox(browsers.Chromium, 8);
testOutboxList(browsers.Chromium, 3, "1,2");
