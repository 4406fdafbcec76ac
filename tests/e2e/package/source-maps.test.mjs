// The source maps of the package: they lead to the sources in the repository, and cost an application nothing.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { describe, test } from "node:test";
import { build } from "esbuild";
import { packageDir, root } from "../support/paths.mjs";
import { bundled } from "./sizes.mjs";

const scripts = readdirSync(packageDir, { recursive: true })
  .map((name) => String(name).replaceAll("\\", "/"))
  // The classic script and the development server have no maps.
  .filter((name) => /^(?!iife|dev).*\.c?js$/.test(name));

/** @param {string} name */
const read = (name) => readFileSync(join(packageDir, name), "utf8");

/** A script's source map, as it is and to look places up in. @param {string} script */
function mapOf(script) {
  const map = JSON.parse(read(`${script}.map`));
  /** @type {Map<string, string[]>} */
  const sources = new Map();
  for (const [at, source] of map.sources.entries())
    sources.set(source, map.sourcesContent[at].split("\n"));
  return { map, sources, lookup: new SourceMap(map) };
}

describe("a source map", () => {
  for (const script of scripts) {
    test(`of ${script} holds its sources`, () => {
      const lines = read(script).trimEnd().split("\n");
      assert.equal(lines.at(-1), `//# sourceMappingURL=${basename(script)}.map`);
      const { sources } = mapOf(script);
      assert.ok(sources.size > 0);
      for (const [source, content] of sources) {
        assert.match(source, /^(src\/js|pkg-template|made)\/[\w-]+\.js$/);
        if (source.startsWith("made/")) continue;
        assert.equal(content.join("\n"), readFileSync(join(root, source), "utf8"), source);
      }
    });

    test(`of ${script} has no path of the machine that built it`, () => {
      const text = read(`${script}.map`);
      for (const path of [root, homedir(), "file:", "/home/", "/Users/"])
        assert.ok(!text.includes(path), path);
    });

    test(`of ${script} leads from every name of a function to the line that declares it`, () => {
      const { sources, lookup } = mapOf(script);
      const lines = read(script).split("\n");
      for (const [number, line] of lines.entries()) {
        for (const { index, 1: name = "" } of line.matchAll(/\bfunction (\w+)\(/g)) {
          const entry = lookup.findEntry(number, index);
          assert.ok("originalSource" in entry, name);
          const found = sources.get(entry.originalSource)?.[entry.originalLine] ?? "";
          // Where two files have a name, the bundler appends a number to one of them.
          assert.match(found, new RegExp(`function ${name.replace(/\d+$/, "")}`), name);
        }
      }
    });
  }

  test("does not hold the WebAssembly once more", () => {
    assert.ok(read("inlined.js.map").length < 10_000);
  });

  test("is no part of an application's bundle, and of its source map", async () => {
    const { outputFiles } = await build({
      stdin: { contents: 'export * from "./index.js"', resolveDir: packageDir },
      bundle: true,
      minify: true,
      format: "esm",
      sourcemap: "external",
      outfile: "app.js",
      write: false,
    });
    const [map, code] = outputFiles;
    assert.doesNotMatch(code?.text ?? "", /sourceMappingURL/);
    assert.equal((await bundled("index.js")).raw, code?.contents.length);
    assert.match(JSON.parse(map?.text ?? "").sources.join("\n"), /^(.*\/)?src\/js\/fetch\.js$/m);
  });

  test("exists of every script", () => {
    const without = scripts.filter((name) => !existsSync(join(packageDir, `${name}.map`)));
    assert.deepEqual(without, []);
  });
});
