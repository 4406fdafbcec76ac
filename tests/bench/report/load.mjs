import { digits, spread, time } from "./statistics.mjs";
import { table } from "./tables.mjs";

/** @typedef {import("./statistics.mjs").Results} Results */

const PARTIES = /** @type {const} */ (["jetstream", "nats", "memory"]);

/** The least that the server on JetStream can take: its stack and its store, one after the other. */
export const FLOOR = ["jetstream", "echo"];

/** @param {number} microseconds of one */
export const rate = (microseconds) => `${digits(1e6 / microseconds)}/s`;

/** @param {string} kind @param {number} size */
function many(kind, size) {
  const who = kind === "fan_out" ? "socket" : "client";
  return `${size.toLocaleString("en")} ${who}${size === 1 ? "" : "s"}`;
}

/** How many operations, or events, a second. @param {Results} results */
export function throughput(results) {
  const kinds = { put: "`put`", get: "`get`", fan_out: "events delivered" };
  const rows = Object.entries(kinds).flatMap(([kind, title]) =>
    results.of(`load.${kind}`).map(({ id, size = 0 }) => {
      const rates = ["echo", ...PARTIES].map((party) => rate(results.median(id, party, size)));
      const ratio = spread(results.ratioToSum(id, "nats", FLOOR, size));
      return [`${title}, ${many(kind, size)}`, ...rates, ratio];
    }),
  );
  const head = [
    "",
    "echo",
    "JetStream",
    "server on JetStream",
    "server on memory",
    "time, server on JetStream / (echo + JetStream)",
  ];
  return table(head, rows);
}

/** The CPU time of an operation or a delivered event. @param {Results} results */
export function processors(results) {
  const kinds = { put: "`put`", get: "`get`", fan_out: "event delivered" };
  const rows = Object.entries(kinds).flatMap(([kind, title]) =>
    results.of(`load.cpu.${kind}`).map(({ size = 0, samples }) => {
      const used = PARTIES.map((party) => time(samples[party]?.[0] ?? 0));
      const echo = time(samples.echo?.[0] ?? 0);
      const behind = time(results.row(`load.behind.${kind}`, size).samples.nats?.[0] ?? 0);
      const name = `${title}, ${many(kind, size)}`;
      return [name, echo, used[0] ?? "", used[1] ?? "", behind, used[2] ?? ""];
    }),
  );
  const head = [
    "",
    "echo",
    "JetStream: nats-server",
    "on JetStream: ironflow-server",
    "and nats-server behind it",
    "on memory: ironflow-server",
  ];
  return table(head, rows);
}

/** @param {Results} results */
export function sockets(results) {
  const rows = results
    .of("load.bytes")
    .map(({ size = 0, samples }) => [
      `${size.toLocaleString("en")} sockets`,
      ...PARTIES.map((party) => `${digits((samples[party]?.[0] ?? 0) / 1000)} KB`),
    ]);
  // One socket's share is mostly what the process takes at its first use.
  const many = rows.slice(1);
  return table(
    ["", "JetStream: nats-server", "on JetStream: ironflow-server", "on memory: ironflow-server"],
    many,
  );
}
