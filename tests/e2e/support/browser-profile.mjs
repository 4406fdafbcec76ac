import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new folder for a browser's profile; `remove` it once the browser has ended. */
export function browserProfile() {
  const dir = mkdtempSync(join(tmpdir(), "ironflow-profile-"));
  return {
    dir,
    // The browser's last processes may still write: each attempt looks again at what is there.
    remove: () => rm(dir, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 }),
  };
}
