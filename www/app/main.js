import { startBuckets } from "./buckets.js";
import { startConnection } from "./connection.js";
import { byId } from "./dom.js";
import { openKey, startEntry } from "./entry.js";
import { startKeys } from "./keys.js";
import { on, openBucket } from "./session.js";
import { startWatch } from "./watch.js";

on("bucket", () => {
  const open = openBucket() !== undefined;
  byId("workspace", HTMLDivElement).hidden = !open;
  byId("welcome", HTMLElement).hidden = open;
});
startBuckets();
startKeys(openKey);
startEntry();
startWatch();
startConnection();
