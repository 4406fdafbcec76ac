// Persisted views in Chromium. The longer version, in all browsers, is matrix/offline.test.mjs.

import { testPersistedViews } from "./support/persisted-views.mjs";
import { browsers } from "./support/tabs.mjs";

testPersistedViews(browsers.Chromium, 12);
