import { indexedDBStorage } from "@ironflow/browser/offline";
import { currentPlace } from "./session.js";

/** Keeps the entries of a server's buckets in this browser, so that the next visit starts with them. */

const storage = indexedDBStorage({ name: "demo", scope: "everyone" });

/** Options of a view. What needs an API key is not kept: the next visitor may have no key. */
export function kept() {
  const place = currentPlace();
  const open = place && place.kind !== "memory" && !place.options.auth;
  return open ? { persist: storage } : {};
}
