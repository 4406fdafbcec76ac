// What is aimed at, whether it is reached, and, where it is not, what it would take: all computed from
// what was measured.

import { readFileSync } from "node:fs";
import { FLOOR } from "./load.mjs";
import { digits, time } from "./statistics.mjs";
import { table } from "./tables.mjs";

/** @typedef {import("./statistics.mjs").Results} Results */

/**
 * @typedef {object} Verdict
 * @property {string} what
 * @property {string} target
 * @property {string} found
 * @property {boolean} met
 * @property {string} takes what it would take
 */

/** The least that has to be done away with. @param {number} found @param {number} limit */
const less = (found, limit) => `${Math.ceil((1 - limit / found) * 100)} % less`;

/** @param {number} value */
const times = (value) => `${value.toFixed(2)} ×`;

/** What the platform takes for one thing. @param {Results} results @param {string} name */
const platform = (results, name) => results.median(`platform.${name}`, "bare");

/** @param {Results} results @returns {Verdict} */
function request(results) {
  const found = ["get", "put", "create", "update"].map((name) => ({
    name,
    ratio: results.ratio(`requests.${name}`, "sdk", "bare"),
    extra: results.difference(`requests.${name}`, "sdk", "bare"),
    cpu: results.difference(`cpu.${name}`, "sdk", "bare"),
  }));
  found.sort((a, b) => b.ratio.median - a.ratio.median);
  const [worst] = found;
  if (!worst) throw new Error("no requests");
  const noise = worst.ratio.high - worst.ratio.low;
  return {
    what: "a real request, the slowest of get, put, create and update",
    target: "at most 1.05 × a bare fetch",
    found: `${times(worst.ratio.median)} (\`${worst.name}\`)`,
    met: worst.ratio.median <= 1.05,
    takes:
      `it takes ${time(worst.extra)} longer than the bare fetch; ${time(worst.cpu)} of that is what the client does of its own ` +
      `where \`fetch\` answers at once. The middle half of the rounds lies ${digits(noise * 100)} % apart.`,
  };
}

/** @param {Results} results @returns {Verdict} */
function entries(results) {
  const size = 10_000;
  const ratio = results.ratio("requests.entries", "sdk", "bare", size).median;
  const [bare, sdk] = ["bare", "sdk"].map((one) => results.median("requests.entries", one, size));
  return {
    what: `\`entries("user.>")\` of ${size.toLocaleString("en")} keys`,
    target: "one request, at most 3 × a bare fetch of the same JSON",
    found: times(ratio),
    met: ratio <= 3,
    takes: `${time((bare ?? 0) * 3)} instead of ${time(sdk ?? 0)} to check and convert the entries.`,
  };
}

/** @param {Results} results @returns {Verdict} */
function cpu(results) {
  const found = ["get", "put"].map((name) => ({
    name,
    ratio: results.ratio(`cpu.${name}`, "sdk", "plain").median,
    own: results.median(`cpu.${name}`, "sdk"),
    plain: results.median(`cpu.${name}`, "plain"),
  }));
  found.sort((a, b) => b.ratio - a.ratio);
  const [worst] = found;
  if (!worst) throw new Error("no operations");
  const real = results.median(`requests.${worst.name}`, "sdk");
  return {
    what: "the client's own CPU, `get` and `put`",
    target: "at most 1.5 × the plain client",
    found: `${times(worst.ratio)} (\`${worst.name}\`)`,
    met: worst.ratio <= 1.5,
    takes:
      `${time(worst.plain * 1.5)} instead of ${time(worst.own)}; a real request takes ${time(real)}. Of it, ${time(platform(results, "stack") * 2)} are two ` +
      `checks of the stack, before each call into the WebAssembly, and ${time(platform(results, "clock") * 2)} two looks at the clock. The rest is to check ` +
      "the key, the value and the response, to learn what the server announces and to keep the caller's line for errors.",
  };
}

/** @param {Results} results @returns {Verdict} */
function event(results) {
  const kinds = ["shared", "exact"].map((kind) => ({
    kind,
    ratio: results.ratio(`frames.${kind}`, "sdk", "plain", 1).median,
  }));
  kinds.sort((a, b) => b.ratio - a.ratio);
  const [{ kind, ratio } = { kind: "", ratio: Number.NaN }] = kinds;
  const [bare, plain, sdk] = ["bare", "plain", "sdk"].map((one) =>
    results.median(`frames.${kind}`, one, 1),
  );
  return {
    what: `CPU of an event, one watcher (${kind === "exact" ? "of a key" : "of a pattern"})`,
    target: "at most 1.2 × the plain client",
    found: times(ratio),
    met: ratio <= 1.2,
    takes:
      `${time((plain ?? 0) * 1.2)} instead of ${time(sdk ?? 0)}; to parse the frame and call back takes ` +
      `${time(bare ?? 0)} of it, to check the stack before the call into the WebAssembly ${time(platform(results, "stack"))}, and to note when it came, ` +
      `by two clocks, ${time(platform(results, "clock") + platform(results, "date"))}; what the feed keeps and looks up is the rest.`,
  };
}

/** @param {Results} results @returns {Verdict} */
function fanOut(results) {
  const ratio = results.ratio("frames.shared", "sdk", "plain", 1_000).median;
  const [one, many] = [1, 1_000].map((size) => results.median("frames.shared", "sdk", size));
  return {
    what: "an event delivered to 1,000 watchers of one pattern",
    target: "at most 1.5 × the plain client",
    found: times(ratio),
    met: ratio <= 1.5,
    takes:
      `${less(ratio, 1.5)}; delivered to one watcher it takes ${time(one ?? 0)}, each further one adds ` +
      `${digits((((many ?? 0) - (one ?? 0)) / 999) * 1000)} ns.`,
  };
}

/** @param {Results} results @returns {Verdict} */
function flat(results) {
  const [sdk, plain] = ["sdk", "plain"].map(
    (one) => results.median("frames.exact", one, 10_000) / results.median("frames.exact", one, 10),
  );
  const ratio = results.ratio("frames.exact", "sdk", "plain", 10_000).median;
  return {
    what: "an event among 10,000 exact-key watchers",
    target: "as among 10, beyond what the plain client's Map grows by; 10 % allowed",
    found: `${times(sdk ?? 0)} (the plain client's: ${times(plain ?? 0)})`,
    met: (sdk ?? 0) <= (plain ?? 0) * 1.1,
    takes:
      `a look-up that does not grow with the number of watchers; at 10,000 it takes ${times(ratio)} the plain ` +
      "client's time.",
  };
}

/** @param {Results} results @returns {Verdict} */
function start(results) {
  const over = results.difference("start.cold", "sdk", "bare");
  const phase = (/** @type {string} */ name) =>
    time(results.difference(`start.${name}`, "sdk", "bare"));
  return {
    what: "import to first answer, cold, in a page that has settled",
    target: "at most 10 ms more than a bare fetch",
    found: time(over),
    met: over <= 10_000,
    takes:
      `${less(over, 10_000)}. The code is loaded and evaluated in ${phase("import")}, its WebAssembly decoded in ${phase("decode")}, ` +
      `compiled in ${phase("compile")} and first used in ${phase("use")}.`,
  };
}

/** @param {Results} results @returns {Verdict} */
function resume(results) {
  const [requests = Number.NaN, sockets = Number.NaN] = ["requests", "sockets"].map((what) =>
    results.median(`resume.${what}`, "sdk"),
  );
  const { size = 0 } = results.row("resume.time");
  return {
    what: `a cut in which 50 of ${size.toLocaleString("en")} keys change`,
    target: "1 connection, no HTTP request",
    found: `${sockets} connection${sockets === 1 ? "" : "s"}, ${requests} requests`,
    met: sockets === 1 && requests === 0,
    takes: "a resume that reads nothing over HTTP.",
  };
}

/** @param {Results} results @returns {Verdict} */
function reconnecting(results) {
  const { size = 0 } = results.row("reconnecting.took");
  const of = (/** @type {string} */ what) =>
    ["pattern", "keys"].map((kind) => results.median(`reconnecting.${what}`, kind));
  const handshakes = Math.max(...of("handshakes"));
  const reads = Math.max(...of("requests"));
  const messages = Math.max(...of("messages"));
  return {
    what: `${size.toLocaleString("en")} clients of 200 keys reconnect at once`,
    target: "one handshake each, no HTTP reads, at most 10 requests to NATS each",
    found: `${(handshakes / size).toFixed(2)} handshakes, ${reads} reads, ${messages.toFixed(1)} requests`,
    met: handshakes <= size && reads === 0 && messages <= 10,
    takes:
      "a handshake more is an attempt that was refused before the network was back, and a read is what such an attempt asks " +
      "to see why.",
  };
}

/** @param {Results} results @param {"put" | "get"} name @param {number} limit @returns {Verdict} */
function memory(results, name, limit) {
  const ratio = results.ratio(`store.${name}`, "sdk", "bare", 1_000).median;
  const plain = results.ratio(`store.${name}`, "sdk", "plain", 1_000).median;
  const [bare, sdk] = ["bare", "sdk"].map((one) => results.median(`store.${name}`, one, 1_000));
  return {
    what: `\`${name}\` in memory, 1,000 keys`,
    target: `at most ${limit} × a Map of JSON texts`,
    found: times(ratio),
    met: ratio <= limit,
    takes:
      `${time((bare ?? 0) * limit)} instead of ${time(sdk ?? 0)}. That Map has no base64, no compare-and-swap, limits, expiry or watchers; ` +
      `of a Map that has them it is ${times(plain)}.`,
  };
}

/** @param {Results} results @returns {Verdict} */
function server(results) {
  const kinds = { put: "`put`", get: "`get`", fan_out: "an event to one socket" };
  const found = Object.entries(kinds).map(([kind, title]) => {
    const id = `load.${kind}`;
    const parties = ["nats", ...FLOOR].map((party) => results.median(id, party, 1));
    return { title, ratio: results.ratioToSum(id, "nats", FLOOR, 1).median, parties };
  });
  found.sort((a, b) => b.ratio - a.ratio);
  const [worst] = found;
  if (!worst) throw new Error("no operations of the server");
  const [own = 0, jetstream = 0, echo = 0] = worst.parties;
  return {
    what: "the reference server on JetStream, the slowest of put, get and one event to one socket",
    target: "at most 1.2 × JetStream and an echo on the same HTTP stack together",
    found: `${times(worst.ratio)} (${worst.title})`,
    met: worst.ratio <= 1.2,
    takes:
      `${time((jetstream + echo) * 1.2)} instead of ${time(own)}: JetStream takes ${time(jetstream)} of it, the HTTP stack ` +
      `${time(echo)}.`,
  };
}

/** @param {Results} results @returns {Verdict[]} */
function views(results) {
  const sizes = results.of("views.change").map(({ size = 0 }) => size);
  const [many, fewer] = [Math.max(...sizes), 1_000];
  const keys = `${many.toLocaleString("en")} keys`;
  const own = results.difference("views.change", "sdk", "bare", many);
  const whole = results.median("views.snapshot", "sdk", many);
  const [opened, byHand] = ["sdk", "bare"].map((one) => results.median("views.open", one, 10_000));
  const growth = whole / results.median("views.snapshot", "sdk", fewer);
  return [
    {
      what: `\`getSnapshot()\` after a change, ${keys}`,
      target: "at most 30 µs more than the change",
      found: `${time(own)} (${times(results.ratio("views.change", "sdk", "bare", many).median)} the change)`,
      met: own <= 30,
      takes: `${less(own, 30)}; the change and the snapshot take ${time(whole)}.`,
    },
    {
      what: `a \`put\` and a snapshot after it, ${keys}`,
      target: `at most 3 × those of ${fewer.toLocaleString("en")} keys`,
      found: times(growth),
      met: growth <= 3,
      takes: `${less(growth, 3)}; the \`put\` alone takes ${time(results.median("views.update", "sdk", many))}.`,
    },
    {
      what: "a persisted view of 10,000 keys, from `view()` to its entries",
      target: "at most 100 ms",
      found: time(opened ?? 0),
      met: (opened ?? 0) <= 100_000,
      takes: `${less(opened ?? 0, 100_000)}; to read the records from IndexedDB by hand takes ${time(byHand ?? 0)}.`,
    },
  ];
}

/** @param {Results} results @returns {Verdict[]} */
function sizes(results) {
  /** @type {Record<string, { target: number }>} */
  const budget = JSON.parse(
    readFileSync(new URL("../../e2e/package/budget.json", import.meta.url), "utf8"),
  );
  return Object.entries(budget).map(([entry, { target: most }]) => {
    const row = results.of("bytes").find(({ samples }) => samples[`\`${entry}\``]);
    const gzip = row?.samples[`\`${entry}\``]?.[1] ?? Number.NaN;
    return {
      what: `bytes of \`${entry}\`, gzip -9`,
      target: `at most ${most.toLocaleString("en")}`,
      found: gzip.toLocaleString("en"),
      met: gzip <= most,
      takes: `${(gzip - most).toLocaleString("en")} bytes fewer (${less(gzip, most)}).`,
    };
  });
}

/** @param {Results} results */
export function verdicts(results) {
  return [
    request(results),
    entries(results),
    cpu(results),
    event(results),
    fanOut(results),
    flat(results),
    start(results),
    memory(results, "put", 2.5),
    memory(results, "get", 2),
    ...views(results),
    resume(results),
    reconnecting(results),
    server(results),
    ...sizes(results),
  ];
}

/** @param {Verdict[]} verdicts */
export function targets(verdicts) {
  const rows = verdicts.map(({ what, target, found, met }) => [
    what,
    target,
    found,
    met ? "met" : "**missed**",
  ]);
  const missed = verdicts.filter(({ met }) => !met);
  const words = missed.map(({ what, takes }) => `- **${what}**: ${takes}`);
  const text =
    words.length > 0
      ? `\n\nWhat it would take where a target is missed:\n\n${words.join("\n")}`
      : "";
  return table(["", "target", "found", ""], rows) + text;
}
