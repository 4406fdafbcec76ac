import { bytes, spread, time } from "./statistics.mjs";

/** @typedef {import("./statistics.mjs").Results} Results */

/** @param {string[]} head @param {string[][]} rows */
export function table(head, rows) {
  const line = (/** @type {string[]} */ cells) => `| ${cells.join(" | ")} |`;
  const rule = head.map((_, n) => (n === 0 ? "---" : "---:"));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

/** @typedef {{ title: string, id: string, size?: number, per?: number }} Line */

/** What subjects are called. @type {Record<string, string>} */
const NAMES = { bare: "bare", plain: "plain", nats: "nats.js", v1: "SDK on version 1", sdk: "SDK" };

/**
 * Times of the platform, of others and of the SDK, and what the last is of the others.
 *
 * @param {Results} results @param {Line[]} lines `per`: how many units a sample is of
 * @param {string[]} [others] than the SDK
 */
export function compared(results, lines, others = ["bare", "plain"]) {
  const rows = lines.map(({ title, id, size, per = 1 }) => {
    const { samples } = results.row(id, size);
    const times = [...others, "sdk"].map((subject) =>
      samples[subject] ? time(results.median(id, subject, size) / per) : "",
    );
    const ratios = others.map((other) =>
      samples[other] ? spread(results.ratio(id, "sdk", other, size)) : "",
    );
    return [title, ...times, ...ratios];
  });
  const names = others.map((other) => NAMES[other] ?? other);
  return table(["", ...names, "SDK", ...names.map((name) => `SDK / ${name}`)], rows);
}

/** @param {number | undefined} size @param {string} noun */
export const count = (size = 0, noun) =>
  `${size.toLocaleString("en")} ${noun}${size === 1 ? "" : "s"}`;

export const OPERATIONS = ["get", "put", "create", "update", "find", "listKeys"];

/** @param {Results} results @param {"requests" | "cpu"} part */
export const operations = (results, part) =>
  compared(results, [
    ...OPERATIONS.map((name) => ({ title: `\`${name}\``, id: `${part}.${name}` })),
    ...results.of(`${part}.entries`).map(({ id, size }) => ({
      title: `\`entries("user.>")\` of ${count(size, "key")}`,
      id,
      size,
    })),
    ...results.of(`${part}.history`).map(({ id, size }) => ({
      title: `\`history\` of ${count(size, "revision")}`,
      id,
      size,
    })),
  ]);

/** What the platform asks for the things that a request or an event is made of. */
export const PLATFORM = {
  request: "a Request with method, body, headers and signal",
  headers: "its Headers alone",
  controller: "an AbortController and its signal",
  timer: "a timer, started and stopped",
  stack: "a check that 12 KB of stack are left: the SDK's before each call into its WebAssembly",
  clock: "`performance.now()`",
  date: "`Date.now()`",
};

/** @param {Results} results */
export function platform(results) {
  const rows = Object.entries(PLATFORM).map(([name, title]) => [
    title,
    time(results.median(`platform.${name}`, "bare")),
  ]);
  return table(["made and thrown away, or called", "bare"], rows);
}

/** @param {Results} results @param {"frames" | "sockets"} part */
export function events(results, part) {
  const lines = [
    ...results.of(`${part}.shared`).map(({ id, size }) => ({
      title: `delivered to ${count(size, "watcher")} of \`user.>\``,
      id,
      size,
    })),
    ...results.of(`${part}.exact`).map(({ id, size }) => ({
      title: `delivered to one of ${count(size, "exact-key watcher")}`,
      id,
      size,
    })),
  ];
  return compared(results, lines);
}

/** @param {Results} results */
export function start(results) {
  const rows = ["cold", "warm"].map((when) => {
    const id = `start.${when}`;
    const subjects = ["bare", "plain", "sdk", "slim"];
    const times = subjects.map((subject) => time(results.median(id, subject)));
    const over = ["sdk", "slim"].map((subject) => time(results.difference(id, subject, "bare")));
    return [when, ...times, ...over];
  });
  const head = ["", "bare", "plain", "SDK", "`./slim`", "SDK over bare", "`./slim` over bare"];
  return table(head, rows);
}

/** What the platform is called for between the import and the first answer, cold. @type {Record<string, string>} */
const PHASES = {
  import: "the import: to load the code, and to evaluate it",
  run: "to create the client, until it asks for the WebAssembly",
  decode: "to decode the WebAssembly from the code's text",
  compile: "to compile it",
  instantiate: "to instantiate it",
  use: "from there until `fetch` is called",
  request: "from there to the result",
};

/** @param {Results} results */
export function trace(results) {
  const rows = Object.entries(PHASES).map(([phase, title]) => {
    const id = `start.${phase}`;
    const times = ["bare", "plain", "sdk"].map((subject) => time(results.median(id, subject)));
    return [title, ...times, time(results.difference(id, "sdk", "bare"))];
  });
  return table(["cold", "bare", "plain", "SDK", "SDK over bare"], rows);
}

/** @param {Results} results */
export function memory(results) {
  const writes = ["put", "get"].flatMap((name) =>
    results.of(`store.${name}`).map(({ id, size }) => ({
      title: `\`${name}\`, ${count(size, "key")}`,
      id,
      size,
    })),
  );
  const listing = results.of("listing").map(({ id, size }) => ({
    title: `\`listKeys("user.>")\`, 10 of ${count(size, "key")}`,
    id,
    size,
  }));
  return compared(results, [...writes, ...listing]);
}

/** @param {Results} results */
export function views(results) {
  const titles = {
    build: "built, for each key",
    update: "a `put` delivered to it",
    snapshot: "the same, and a snapshot",
    change: "an entry read from a snapshot after a change (bare: from the view)",
    open: "opened from IndexedDB (bare: by `getAll` and `JSON.parse`)",
    "mutate.shown": "`mutate`, and a snapshot that shows it",
    "mutate.written": "the same, and written (bare: `modify`, its event and a snapshot)",
  };
  const lines = Object.entries(titles).flatMap(([name, title]) =>
    results.of(`views.${name}`).map(({ id, size }) => ({
      title: `${count(size, "key")}: ${title}`,
      id,
      size,
      per: name === "build" ? size : 1,
    })),
  );
  return compared(results, lines);
}

/** @param {Results} results */
export function heap(results) {
  const titles = {
    operation: "after the first operation",
    watchers: "10,000 exact-key watchers",
    keys: `${count(results.row("heap.js.keys").size, "key")} in the store in memory`,
    view: "the same, and a view of them",
  };
  const rows = Object.entries(titles).map(([name, title]) => {
    const js = ["plain", "sdk"].map((one) => bytes(results.median(`heap.js.${name}`, one)));
    return [title, ...js, bytes(results.median(`heap.wasm.${name}`, "sdk"))];
  });
  return table(["", "plain: JavaScript", "SDK: JavaScript", "SDK: WebAssembly"], rows);
}

/** @param {Results} results */
export function entries(results) {
  const rows = results
    .of("bytes")
    .flatMap(({ samples }) =>
      Object.entries(samples).map(([name, sizes]) => [
        name,
        ...sizes.map((size) => size.toLocaleString("en")),
      ]),
    );
  return table(["", "minified", "gzip -9", "brotli"], rows);
}

/** @param {Results} results */
export function index(results) {
  const rows = results.rows
    .filter(({ id }) => id.startsWith("index."))
    .map(({ id, size, samples }) => {
      const what =
        id === "index.listing"
          ? `\`listKeys("user.>")\`, 10 of ${count(size, "key")}`
          : `a write among ${count(size, "exact-key watcher")}`;
      const times = Object.keys(samples).map((subject) => time(results.median(id, subject, size)));
      return [what, ...times, spread(results.ratio(id, "scan", "store", size))];
    });
  return table(["", "a scan of all", "the store", "scan / store"], rows);
}
