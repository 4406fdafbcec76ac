// The layers of the source, in the order of docs/architecture.md: each module and each file of src/js imports only
// those below it. And no file is too long to read.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { root } from "../support/paths.mjs";

/** The most lines of a source file. */
const MAX_LINES = 400;

/** What a module must not import although it is below it; `only`: the imports it may have. */
const restrictions = [
  { module: "feed", not: ["transport", "ffi"] },
  { module: "store", only: ["kv"] },
];

/** @typedef {{ file: string, from: string, to: string }} Import */

/** @param {string} file */
const read = (file) => readFileSync(join(root, file), "utf8");

const tracked = execFileSync("git", ["ls-files", "-z"], { cwd: root, encoding: "utf8" })
  .split("\0")
  .filter(Boolean);

/** The first column of the table under a heading of docs/architecture.md. @param {string} heading */
function documented(heading) {
  const [, section = ""] = read("docs/architecture.md").split(`\n## ${heading}\n`);
  const [table = ""] = section.split("\n## ");
  return [...table.matchAll(/^\| `([^`]+)` \| \S/gm)].map(([, name = ""]) => name);
}

/** Rust without comments and what is compiled for tests only. @param {string} code */
const shipped = (code) =>
  code
    .replace(/(^|\s)\/\/.*$/gm, "")
    .replace(/^( *)#\[cfg\(test\)\]\n(?: *#\[.*\n)*.*(?:;\n|\{\n[\s\S]*?^\1\};?\n)/gm, "");

/** The modules of the crate that Rust code names, in `use` or elsewhere. @param {string} code */
function crateModules(code) {
  const found = new Set();
  for (const [, path, group = ""] of shipped(code).matchAll(/\bcrate::(?:(\w+)|\{([^;]*)\};)/g)) {
    if (path) found.add(path);
    // Only the first name of each path of the group: `crate::{error::{Error, Kind}, kv}`.
    let flat = group;
    while (/::\{[^{}]*\}/.test(flat)) flat = flat.replace(/::\{[^{}]*\}/g, "");
    for (const part of flat.split(",")) found.add(part.trim().split("::")[0]);
  }
  found.delete("");
  return [...found];
}

/** Imports of something at the same height or above. @param {string[]} order from the top @param {Import[]} imports */
const upwards = (order, imports) =>
  imports
    .filter(({ from, to }) => order.indexOf(to) <= order.indexOf(from))
    .map(({ file, to }) => `${file} imports ${to}`);

describe("the modules of the crate", () => {
  const modules = [...read("src/lib.rs").matchAll(/^(?:pub )?mod (\w+);$/gm)].map(
    ([, m = ""]) => m,
  );
  const order = documented("Modules")
    .map((path) => /^src\/(\w+)(\.rs)?$/.exec(path)?.[1] ?? "")
    .filter((name) => modules.includes(name));
  const imports = tracked
    .filter((file) => /^src\/.*\.rs$/.test(file) && !/\/tests(\/|\.rs$)/.test(file))
    .flatMap((file) => {
      const from = /^src\/(\w+)/.exec(file)?.[1] ?? "";
      return crateModules(read(file))
        .filter((to) => from !== "lib" && to !== from)
        .map((to) => ({ file, from, to }));
    });

  test("have a line each in docs/architecture.md", () => {
    assert.deepEqual([...order].sort(), [...modules].sort());
  });

  test("import modules that exist", () => {
    assert.ok(imports.length > 50);
    assert.deepEqual(
      imports.filter(({ to }) => !modules.includes(to)),
      [],
    );
  });

  test("import only modules below them", () => {
    assert.deepEqual(upwards(order, imports), []);
  });

  for (const { module, not, only } of restrictions) {
    test(`${module} imports ${only ? `only ${only}` : `neither ${not?.join(" nor ")}`}`, () => {
      const found = imports.filter(
        ({ from, to }) => from === module && (not?.includes(to) || only?.includes(to) === false),
      );
      assert.deepEqual(found, []);
    });
  }
});

describe("the files of src/js", () => {
  const files = tracked
    .filter((file) => /^src\/js\/[^/]+\.js$/.test(file))
    .map((file) => file.replace("src/js/", ""));
  const order = documented("JavaScript");
  const imports = files.flatMap((from) =>
    [...read(`src/js/${from}`).matchAll(/\bfrom "([^"]+)";$/gm)].map(([, to = ""]) => ({
      file: from,
      from,
      to: to.replace("./", ""),
    })),
  );

  test("have a line each in docs/architecture.md", () => {
    assert.deepEqual([...order].sort(), [...files].sort());
  });

  test("import only each other", () => {
    assert.ok(imports.length > 20);
    assert.deepEqual(
      imports.filter(({ to }) => !files.includes(to)),
      [],
    );
  });

  test("import only files below them", () => {
    assert.deepEqual(upwards(order, imports), []);
  });
});

describe("a rule of docs/architecture.md is found by its word", () => {
  const [, section = ""] = read("docs/architecture.md").split("\n## Where a rule is decided\n");
  const rows = [...section.matchAll(/^\| (.+?) \| .+ \| `(src\/[^`]+)` \|$/gm)];

  test("for ten rules at least", () => {
    assert.ok(rows.length >= 10);
  });

  for (const [, word = "", file = ""] of rows) {
    test(`"${word}" in ${file}`, () => {
      assert.match(read(file), new RegExp(`\\b${word}`, "i"));
    });
  }
});

test(`no source file has more than ${MAX_LINES} lines`, () => {
  const long = tracked
    .filter((file) => /\.(rs|m?jsx?|tsx?|css)$/.test(file))
    .map((file) => ({ file, lines: read(file).split("\n").length - 1 }))
    .filter(({ lines }) => lines > MAX_LINES)
    .map(({ file, lines }) => `${file}: ${lines}`);
  assert.deepEqual(long, []);
});

describe("the reader of Rust finds", () => {
  /** @type {[string, string, string[]][]} */
  const cases = [
    ["a path", "use crate::kv::Key;\n", ["kv"]],
    ["a path outside of use", "fn f() -> crate::kv::Key {}\n", ["kv"]],
    [
      "groups",
      "use crate::{\n    error::{Error, Kind},\n    ffi::{self, a::{B, C}},\n};\n",
      ["error", "ffi"],
    ],
    ["no comments", '/// See [`crate::ffi`].\n// crate::watch\nlet url = "http://x";\n', []],
    [
      "no test modules",
      "#[cfg(test)]\nmod tests {\n    use crate::ffi;\n    fn f() {}\n}\nuse crate::kv;\n",
      ["kv"],
    ],
    ["no test modules in other files", "#[cfg(test)]\nmod tests;\nuse crate::kv;\n", ["kv"]],
    [
      "no test functions",
      "impl A {\n    #[cfg(test)]\n    fn f() {\n        crate::ffi::g()\n    }\n    fn h() -> crate::kv::Key {}\n}\n",
      ["kv"],
    ],
    [
      "modules for one target",
      '#[cfg(target_arch = "wasm32")]\nmod inner {\n    use crate::ffi;\n}\n',
      ["ffi"],
    ],
  ];
  for (const [what, code, expected] of cases)
    test(what, () => assert.deepEqual(crateModules(code), expected));

  test("imports upwards, sideways and in circles", () => {
    const imported = (/** @type {string} */ from, /** @type {string} */ to) => ({
      file: from,
      from,
      to,
    });
    const order = ["top", "middle", "bottom"];
    assert.deepEqual(upwards(order, [imported("top", "bottom"), imported("middle", "bottom")]), []);
    assert.deepEqual(
      upwards(order, [
        imported("bottom", "top"),
        imported("middle", "middle"),
        imported("top", "middle"),
      ]),
      ["bottom imports top", "middle imports middle"],
    );
  });
});
