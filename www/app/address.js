import { byId } from "./dom.js";
import { currentPlace, filter, on, openBucket } from "./session.js";

/**
 * The page's URL contains its server, bucket and filter, so that it can be shared. It never contains a
 * credential.
 *
 * @typedef {object} Address
 * @property {"memory" | "here" | "other"} kind
 * @property {string} server
 * @property {string} environment
 * @property {string | undefined} bucket
 * @property {string} filter
 */

/** A link that opens the same page in a second tab. */
const tab = byId("second-tab", HTMLAnchorElement);

/** @returns {Address} */
export function readAddress() {
  const query = new URLSearchParams(location.search);
  const server = query.get("server") ?? "";
  return {
    kind: server === "here" ? "here" : server ? "other" : "memory",
    server: server === "here" ? "" : server,
    environment: query.get("environment") ?? "",
    bucket: query.get("bucket") ?? undefined,
    filter: query.get("filter") ?? "",
  };
}

function writeAddress() {
  const place = currentPlace();
  if (!place) return;
  const { kind, options } = place;
  const query = new URLSearchParams();
  const server = kind === "here" ? "here" : options.serverUrl;
  if (server) query.set("server", String(server));
  if (options.environment) query.set("environment", options.environment);
  const bucket = openBucket();
  if (bucket !== undefined) query.set("bucket", bucket);
  if (filter()) query.set("filter", filter());
  const search = query.size > 0 ? `?${query}` : "";
  history.replaceState(null, "", `${location.pathname}${search}`);
  tab.href = location.href;
  tab.hidden = server === undefined || bucket === undefined;
}

export function startAddress() {
  on("bucket", writeAddress);
  on("filter", writeAddress);
}
