// Every code block of the documentation runs: in this file, or in the test that `elsewhere` names. Links lead
// somewhere, and the README stays short.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, normalize } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { packageDir, root } from "./support/paths.mjs";
import { readPage } from "./support/readme.mjs";
import { startServer } from "./support/server.mjs";

const run = promisify(execFile);

const guides = readdirSync(join(root, "docs"), { recursive: true })
  .map((name) => `docs/${String(name).replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".md"))
  .sort();
const pages = ["README.md", "CONTRIBUTING.md", "pkg-template/README.md", ...guides];

/** Blocks that another test runs, as page#number. @type {Record<string, string>} */
const elsewhere = {
  "docs/frameworks.md#1": "tests/e2e/react.test.mjs",
  "docs/recipes/angular.md#1": "tests/e2e/library-recipes.test.mjs",
  "docs/recipes/redux.md#1": "tests/e2e/library-recipes.test.mjs",
  "docs/recipes/rxjs.md#1": "tests/e2e/library-recipes.test.mjs",
  "docs/recipes/solid.md#1": "tests/e2e/library-recipes.test.mjs",
  "docs/recipes/tanstack-query.md#1": "tests/e2e/library-recipes.test.mjs",
  "docs/recipes/feature-flags.md#1": "tests/e2e/recipes.test.mjs",
  "docs/recipes/optimistic-changes.md#1": "tests/e2e/recipes.test.mjs",
  "docs/recipes/presence.md#1": "tests/e2e/recipes.test.mjs",
  "docs/recipes/settings.md#1": "tests/e2e/recipes.test.mjs",
  "docs/recipes/offline-todos.md#1": "tests/e2e/offline-recipe.test.mjs",
  "docs/recipes/undo.md#1": "tests/e2e/recipes.test.mjs",
  "docs/testing.md#1": "tests/e2e/recipes.test.mjs",
};

const configured = `import { ironflow } from "@ironflow/browser";
ironflow.configure({ serverUrl: "http://localhost:9123" });
`;
const bucket = `${configured}
await ironflow.kv().createBucket({ name: "my-bucket" });
const bucket = ironflow.kv().bucket("my-bucket");
await bucket.put("user.123", { name: "Alice", role: "admin" });
`;
/** Writes until the block has ended, for a loop that waits for a change. */
const writing = `const writes = setInterval(() => bucket.put("user.123", { name: "Alice" }), 20);
`;

/**
 * What is around a block that does not run alone, and what it prints.
 * @type {Record<string, { before?: string, after?: string, prints?: RegExp }>}
 */
const context = {
  "README.md#1": {
    after: 'if ((await bucket.listKeys()).join() !== "user.123") throw new Error("not written");\n',
    prints: /^(?=.*user\.123 put 1$)(?=.*name: 'Alice', role: 'admin')/ms,
  },
  "README.md#2": { before: bucket },
  "README.md#3": { before: bucket, prints: /^user\.123 \{ name: 'Alice', role: 'admin' \}$/m },
  "README.md#4": {
    after: `import { createElement } from "react";
import { renderToString } from "react-dom/server";
console.log(renderToString(createElement(Counter)));
`,
    prints: /<p>Loading…<\/p>/,
  },
  "README.md#5": { prints: /^true$/m },
  "docs/bundlers-and-slim.md#3": {
    before: `import { readFileSync } from "node:fs";
`,
  },
  "docs/configuration.md#3": { before: `${bucket}globalThis.addEventListener = () => {};\n` },
  "docs/configuration.md#2": {
    before: `${configured}await ironflow.kv().createBucket({ name: "settings" });\n`,
    prints: /^dark$/m,
  },
  "docs/errors.md#1": { before: bucket, prints: /^HTTP_404 my-bucket missing false$/m },
  "docs/errors.md#2": {
    before: `${bucket}await bucket.put("counter", "1");\n`,
    prints: /^counter \d+ undefined\nIronflowError HTTP_404 missing$/m,
  },
  "docs/frameworks.md#2": {
    before: bucket,
    prints: /^\[\{"key":"user\.123","revision":1,"created_at":"2\d{3}-.+","base64":"eyJuYW1l/m,
  },
  "docs/frameworks.md#3": {
    before: `${bucket}import { dehydrate } from "@ironflow/browser/ssr";
const data = JSON.parse(JSON.stringify(dehydrate(await bucket.entries())));
`,
    after: `import { createElement } from "react";
import { renderToString } from "react-dom/server";
console.log(renderToString(createElement(Users, { data })));
`,
    prints: /^<p title="stale">Alice<\/p>$/m,
  },
  "docs/frameworks.md#4": { before: bucket, prints: /"key":"user\.123"/ },
  "docs/testing.md#2": { prints: /^true$/m },
  "docs/testing.md#3": { prints: /^hello$/m },
  "docs/views-and-offline.md#1": { before: bucket, prints: /name: 'Alice'/ },
  "docs/views-and-offline.md#3": { before: bucket, prints: /^ready$/m },
  "docs/views-and-offline.md#4": {
    before: `${configured}await ironflow.kv().createBucket({ name: "notes" });\n`,
    after: "await saved; console.log('saved'); client.disconnect();\n",
    prints: /^saved$/m,
  },
  "docs/views-and-offline.md#2": { before: bucket, prints: /^1 true\nundefined$/m },
  "docs/watching.md#1": { before: bucket, prints: /^connected; the initial entries/m },
  "docs/watching.md#2": {
    before: bucket + writing,
    after: "clearInterval(writes);\n",
    prints: /^user\.123$/m,
  },
  "pkg-template/README.md#1": { prints: /^(?=.*user\.123 put \d)(?=.*name: 'Alice')/ms },
};

const blocks = pages.flatMap((page) =>
  [...readPage(page).matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, language]) => /^(jsx?|tsx?|mjs|javascript|typescript)$/.test(language ?? ""))
    .map(([, language, code], index) => ({
      name: `${page}#${index + 1}`,
      language: /** @type {string} */ (language),
      code: /** @type {string} */ (code),
    })),
);

const project = mkdtempSync(join(tmpdir(), "ironflow-examples-"));

before(() => {
  for (const name of ["@ironflow/browser", "react", "react-dom"]) {
    const link = join(project, "node_modules", name);
    mkdirSync(dirname(link), { recursive: true });
    // The package finds React beside it.
    if (name.startsWith("@")) cpSync(packageDir, link, { recursive: true });
    else symlinkSync(join(root, "tests/node_modules", name), link, "dir");
  }
  writeFileSync(join(project, "package.json"), '{ "private": true, "type": "module" }\n');
});
after(() => rmSync(project, { recursive: true, force: true }));

/** Imports a block gets from a bundler. */
const wasmImport = `const wasm = await WebAssembly.compile(
  readFileSync(new URL(import.meta.resolve("@ironflow/browser/ironflow.wasm"))),
);
`;

for (const { name, language, code } of blocks) {
  const test_ = elsewhere[name];
  if (test_) {
    test(`${name} runs in ${test_}`, () => {
      const source = readPage(test_);
      const page = /docs\/(?:recipes\/)?(.*)\.md/.exec(name)?.[1] ?? "";
      assert.ok(source.includes(page), `${test_} does not name ${page}`);
    });
    continue;
  }
  test(`${name} runs`, async () => {
    // An empty server each, for revisions to be those that are stated.
    const server = await startServer();
    try {
      const { before: first = "", after: last = "", prints = /(?:)/ } = context[name] ?? {};
      const { transform } = await import("esbuild");
      const body = first + code.replace(/^import wasm from .*$/m, () => wasmImport) + last;
      const js = await transform(body.replaceAll("http://localhost:9123", server.url), {
        loader: language === "js" ? "js" : "tsx",
        jsx: "automatic",
        format: "esm",
        target: "esnext",
      });
      const file = join(project, `${name.replaceAll(/\W/g, "-")}.mjs`);
      const end =
        "\nimport { ironflow as shared } from '@ironflow/browser'; shared.disconnect();\n";
      writeFileSync(file, js.code + end);
      const { NODE_TEST_CONTEXT: _, ...env } = process.env;
      const args = typeof WebSocket === "undefined" ? ["--experimental-websocket"] : [];
      const { stdout } = await run(process.execPath, [...args, file], { env, timeout: 120_000 });
      assert.match(stdout, prints);
    } finally {
      await server.stop();
    }
  });
}

test("every context and every test elsewhere is of a block that exists", () => {
  const names = blocks.map(({ name }) => name);
  for (const name of [...Object.keys(context), ...Object.keys(elsewhere)]) {
    assert.ok(names.includes(name), `there is no block ${name}`);
  }
  assert.ok(names.length >= 20, `only ${names.length} blocks were found`);
});

/** The anchors of a page, as GitHub makes them. */
const anchors = (/** @type {string} */ page) =>
  [
    ...readPage(page)
      .replaceAll(/^```.*?^```$/gms, "")
      .matchAll(/^#+ (.*)$/gm),
  ].map(([, heading]) =>
    /** @type {string} */ (heading)
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );

for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => {
    const text = readPage(page)
      .replaceAll(/^```.*?^```$/gms, "")
      .replaceAll(/`[^`\n]*`/g, "");
    for (const [, link = ""] of text.matchAll(/\]\(([^)\s]+)\)|(?:src|srcset|href)="([^"]+)"/g)) {
      if (/^[a-z]+:/.test(link)) continue;
      const [path = "", anchor] = link.split("#");
      const target = path === "" ? page : normalize(join(dirname(page), path));
      assert.ok(existsSync(join(root, target)), `${page} links to ${link}`);
      if (anchor) assert.ok(anchors(target).includes(anchor), `${page} links to ${link}`);
    }
  });
}

test("the README has at most 150 lines", () => {
  assert.ok(readPage("README.md").trimEnd().split("\n").length <= 150);
});
