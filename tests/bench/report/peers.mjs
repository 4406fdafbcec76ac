// The SDK beside the client of NATS, and what reconnecting costs.

import { digits, time } from "./statistics.mjs";
import { compared, count, table } from "./tables.mjs";

/** @typedef {import("./statistics.mjs").Results} Results */

/** @param {Results} results */
export function operations(results) {
  const titles = {
    get: "`get`",
    put: "`put`",
    watch: "`put`, until its own watch delivers the event",
  };
  const lines = Object.entries(titles).map(([name, title]) => ({ title, id: `peers.${name}` }));
  return compared(results, lines, ["bare", "nats"]);
}

/** @param {Results} results */
export function resume(results) {
  const { size } = results.row("resume.time");
  const lines = [
    { title: `a view of ${count(size, "key")}, built`, id: "resume.build" },
    { title: "50 of them changed during a cut, until it shows them", id: "resume.time" },
  ];
  return compared(results, lines, ["v1", "nats"]);
}

/** @param {Results} results */
export function requests(results) {
  const cells = (/** @type {string} */ id) =>
    ["v1", "sdk"].map((subject) => digits(results.median(id, subject)));
  const rows = [
    ["HTTP requests", ...cells("resume.requests")],
    ["connections", ...cells("resume.sockets")],
  ];
  return table(["after the cut", "SDK on version 1", "SDK"], rows);
}

/** @param {Results} results */
export function outbox(results) {
  const { size } = results.row("outbox.replay");
  const title = `each of ${count(size, "write")}`;
  return compared(
    results,
    [
      { title: `${title}, queued`, id: "outbox.queue" },
      {
        title: `${title}, sent at the end of an outage (bare: one \`PUT\` after the other)`,
        id: "outbox.replay",
      },
    ],
    ["bare"],
  );
}

/** What many clients cost that reconnect at once. @param {Results} results */
export function reconnecting(results) {
  const { size = 0 } = results.row("reconnecting.took");
  const kinds = { pattern: "one pattern", keys: "a watch for each key" };
  /** @param {string} what @param {string} kind */
  const of = (what, kind) => results.median(`reconnecting.${what}`, kind);
  const rows = Object.entries(kinds).map(([kind, title]) => [
    title,
    (of("handshakes", kind) / size).toFixed(2),
    (of("requests", kind) / size).toFixed(2),
    of("messages", kind).toFixed(2),
    time(of("server", kind)),
    time(of("nats", kind)),
    time(of("took", kind)),
  ]);
  const head = [
    "each client",
    "handshakes",
    "HTTP requests",
    "requests to NATS",
    "CPU of ironflow-server",
    "CPU of nats-server",
    "all of them, until each had its event",
  ];
  return table(head, rows);
}

/** @param {Results} results */
export function weights(results) {
  const rows = results
    .of("bytes.peers")
    .flatMap(({ samples }) => Object.entries(samples))
    .sort(([, a], [, b]) => (a[1] ?? 0) - (b[1] ?? 0))
    .map(([name, sizes]) => [name, ...sizes.map((size) => size.toLocaleString("en"))]);
  return table(["", "minified", "gzip -9", "brotli"], rows);
}
