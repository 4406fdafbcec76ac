// The packed package in a small application of each kind, started as its developers would: each writes, reads
// and watches a key on the reference server. What cannot be installed is skipped, and says why. Rare
// ones run only with $ALL; $ROWS, a regular expression, selects rows by name. The findings are kept for the table.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { extensionUrl } from "../support/extension.mjs";
import { pack } from "../support/installed.mjs";
import { readPage, readPart } from "../support/readme.mjs";
import { startServer } from "../support/server.mjs";
import { App } from "./app.mjs";
import { OUTCOME } from "./apps/page/src/exercise.js";
import { launchBrowsers } from "./browsers.mjs";
import { rows as allRows } from "./rows.mjs";
import { inDocs, keep, print } from "./table.mjs";

/** @param {import("./rows.mjs").Row} row */
const title = ({ name, mode }) => [name, mode].filter(Boolean).join(", ");
const { ALL, ROWS } = process.env;
const rows = allRows.filter((row) =>
  ROWS === undefined ? ALL || !row.rare : new RegExp(ROWS).test(title(row)),
);

const folder = mkdtempSync(join(tmpdir(), "ironflow-packed-"));
/** @type {string} */
let tarball;
/** @type {Awaited<ReturnType<typeof startServer>>} */
let server;
/** @type {Awaited<ReturnType<typeof launchBrowsers>>} */
let browsers;
/** @type {import("./table.mjs").Line[]} */
const lines = [];
/** The apps whose tools cannot be installed, and why. @type {Map<string, string>} */
const impossible = new Map();

before(async () => {
  const packed = pack(folder);
  const allowOrigins = [extensionUrl];
  [server, browsers] = await Promise.all([startServer({ allowOrigins }), launchBrowsers()]);
  tarball = (await packed).path;
});

after(async () => {
  await Promise.all(Object.values(browsers ?? {}).map((browser) => browser?.close()));
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
  if (!browsers) return;
  const found = Object.values(browsers).flatMap((browser) => browser?.version ?? []);
  const versions = [`Node ${process.versions.node.split(".")[0]}`, ...found];
  keep({ versions, lines });
});

for (const row of rows) {
  const browser = () => (row.browser ? browsers[row.browser] : undefined);

  describe(title(row), () => {
    const app = new App(row.tools, row.layers, row.type);
    const line = { name: row.name, mode: row.mode, default: "not run", slim: "not run" };
    if (row.without) line.default = `no: ${row.without}`;
    if (row.withoutSlim) line.slim = `no: ${row.withoutSlim}`;
    lines.push(line);
    const entries = /** @type {const} */ (["default", "slim"]).filter(
      (entry) => !(entry === "default" ? row.without : row.withoutSlim),
    );
    /** @type {import("./app.mjs").Site | undefined} */
    let site;
    /** @type {string | undefined} */
    let missing;

    before(async () => {
      if (row.browser && !browser()) missing = `there is no ${row.browser}`;
      missing ??= impossible.get(app.dir);
      if (missing) return;
      try {
        await app.install(tarball);
      } catch (error) {
        missing = `its tools cannot be installed: ${/** @type {Error} */ (error).message}`;
        impossible.set(app.dir, missing);
        return;
      }
      for (const entry of entries) line[entry] = "FAILS";
      site = await row.site?.(app);
    });

    after(() => site?.stop());

    /** Does what the app is there for. @param {"default" | "slim"} entry @returns {Promise<import("./browsers.mjs").Visit>} */
    const visit = async (entry) => {
      if (!row.run) {
        const { visit: open } = /** @type {import("./browsers.mjs").Browser} */ (browser());
        const address = new URL(row.path ?? "/", site?.url);
        address.searchParams.set("entry", entry);
        address.searchParams.set("server", server.url);
        return open(address.href);
      }
      const outcome = await row.run(app, entry, server.url);
      return { outcome: outcome.trim(), complaints: [] };
    };

    for (const entry of entries) {
      test(entry === "default" ? "@ironflow/browser" : "@ironflow/browser/slim", async (t) => {
        if (missing) {
          t.skip(`not run: ${missing}`);
          return;
        }
        const { outcome, complaints } = await visit(entry);
        assert.equal(outcome, OUTCOME);
        assert.deepEqual(complaints, []);
        line[entry] = entry === "default" ? (row.default ?? "yes") : row.slim;
      });
    }
  });
}

describe("the documented table", () => {
  test("says what has been found here", () => {
    const said = inDocs();
    for (const line of lines.filter((each) => !Object.values(each).includes("not run"))) {
      assert.ok(said.includes(print(line)), `not in the docs: ${print(line)}`);
    }
  });

  test("was found with the browsers that the README names", () => {
    const found = /^Found with (.*)\.$/m.exec(readPart("docs/bundlers-and-slim.md", "packaging"));
    const sentence =
      /tested in .*?\. Chrome/.exec(readPage("README.md").replace(/\s+/g, " "))?.[0] ?? "";
    for (const each of (found?.[1] ?? "").split(", ").filter((name) => !name.startsWith("Node"))) {
      const [name = "", version = ""] = each.split(" ");
      assert.match(sentence, new RegExp(`${name}[^A-Z]* ${version}\\b`), each);
    }
  });

  test("says nothing else", () => {
    const known = allRows.map(({ name, mode }) => print({ name, mode }));
    for (const said of inDocs()) {
      assert.ok(
        known.some((start) => said.startsWith(start)),
        `only in the docs: ${said}`,
      );
    }
  });
});
