// Reads what the runners of the suite print, and prints a table: rules down, backends across.
//
//   cargo test --workspace --test '*conformance' --no-fail-fast | node tests/conformance/table.mjs
//
// A runner's tests are named `<backend>::rule_<number>_<words>`.

import { createInterface } from "node:readline";

const TEST = /^test (?:\S*::)?(\w+)::rule_(\d\d)_(\w+) \.\.\. (\w+)/;

/** Results by rule and backend. @type {Map<string, Map<string, string>>} */
const rules = new Map();
/** @type {Set<string>} */
const backends = new Set();
/** @type {string[]} */
const remarks = [];

for await (const line of createInterface({ input: process.stdin })) {
  const [test, backend = "", number = "", words = "", result = ""] = TEST.exec(line) ?? [];
  if (test === undefined) {
    remarks.push(line);
    continue;
  }
  const rule = `${number} ${words.replaceAll("_", " ")}`;
  const results = rules.get(rule) ?? new Map();
  rules.set(rule, results);
  backends.add(backend);
  // Where two runners put a rule to the same backend, a failure of either is the result.
  if (results.get(backend) !== "FAILED") results.set(backend, result);
}

const names = [...rules.keys()].sort((a, b) => a.slice(0, 2).localeCompare(b.slice(0, 2)));
const columns = [...backends].sort();
const width = Math.max(0, ...names.map((name) => name.length));
/** @param {string} name @param {string[]} cells */
const row = (name, cells) => {
  const padded = cells.map((cell, at) => cell.padEnd(columns[at]?.length ?? 0));
  return [name.padEnd(width), ...padded].join("  ").trimEnd();
};

/** Credentials and repeated requests are a matter of servers. */
const OF_SERVERS = ["19", "20"];

/** @param {string} name @param {string} backend */
const concerns = (name, backend) =>
  backend.startsWith("server") || !OF_SERVERS.includes(name.slice(0, 2));

/** @param {string} name @param {string} backend */
const result = (name, backend) =>
  rules.get(name)?.get(backend) ?? (concerns(name, backend) ? "-" : "n/a");

const passed = columns.map((backend) => {
  const count = names.filter((name) => result(name, backend) === "ok").length;
  return `${count} ok`;
});
const complete =
  names.length > 0 &&
  names.every((name) => columns.every((backend) => ["ok", "n/a"].includes(result(name, backend))));

if (!complete) console.log(remarks.join("\n"));
console.log(row("rule", columns));
for (const name of names) {
  console.log(
    row(
      name,
      columns.map((backend) => result(name, backend)),
    ),
  );
}
console.log(row(`${names.length} tests of the rules`, passed));
process.exitCode = complete ? 0 : 1;
