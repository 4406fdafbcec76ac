// Builds the npm package into pkg/. Read it from top to bottom: each step takes what the one before
// it made. The tools come with `make setup`.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const template = join(root, "pkg-template");
const compiled = join(root, "target/wasm");
const pkg = join(root, "pkg");
const { build } = createRequire(join(root, "tests/package.json"))("esbuild");

function run(program, ...args) {
  execFileSync(program, args, { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
}

// 1. The crate, compiled, with wasm-bindgen's glue.
const web = ["--profile", "wasm", "--target", "web", "--no-pack", "--no-typescript"];
run("wasm-pack", "--log-level", "warn", "build", ...web, "--out-dir", compiled);

// 2. The WebAssembly, optimised for size, with the features the compiler says it uses and no others.
const wasm = join(compiled, "optimised.wasm");
const strip = ["--strip-debug", "--strip-producers"];
const bound = join(compiled, "ironflow_browser_bg.wasm");
run("wasm-opt", "-Oz", ...strip, bound, "-o", wasm);

// 3. The glue, made to load the WebAssembly when it is first used: until then its `wasm` is a proxy
//    whose first reading loads. The classes stay wasm-bindgen's own.
let glue = readFileSync(join(compiled, "ironflow_browser.js"), "utf8");
function replace(found, by) {
  if (!glue.includes(found)) throw new Error(`wasm-bindgen's glue no longer contains: ${found}`);
  glue = glue.replaceAll(found, by);
}
replace(
  "let wasmModule, wasmInstance, wasm;",
  "let wasmModule, wasmInstance, wasm = unloaded(() => initSync({ module: load() }));",
);
replace("if (wasm !== undefined) return wasm;", "if (wasmInstance !== undefined) return wasm;");
const glueFile = join(compiled, "glue.js");
writeFileSync(glueFile, `import { load, unloaded } from "ironflow:loader";\n${glue}`);

// 4. One file for each entry. The JavaScript of the crate is taken from where it is written, so that
//    the glue and the entry mean the same classes.
const rooms = {
  "ironflow:glue": glueFile,
  "ironflow:loader": join(template, "inlined.js"),
  "ironflow:wasm": wasm,
  "ironflow:errors": join(root, "src/js/errors.js"),
};
const resolve = {
  name: "ironflow",
  setup({ onResolve }) {
    onResolve({ filter: /^ironflow:/ }, ({ path }) => ({ path: rooms[path] }));
    onResolve({ filter: /\/snippets\// }, ({ path }) => ({
      path: join(root, path.replace(/^.*\/snippets\/[^/]+\//, "")),
    }));
  },
};
rmSync(pkg, { recursive: true, force: true });
mkdirSync(pkg);
await build({
  entryPoints: [join(template, "index.js")],
  outdir: pkg,
  bundle: true,
  format: "esm",
  target: "es2022",
  platform: "neutral",
  loader: { ".wasm": "base64" },
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: "none",
  // wasm-bindgen lists a module once for each function it imports from it.
  logOverride: { "duplicate-object-key": "silent" },
  plugins: [resolve],
});
// The hooks need a bucket's handle and nothing else of the main entry, nor have they React in them.
await build({
  entryPoints: [join(template, "react.js")],
  outdir: pkg,
  bundle: true,
  external: ["react"],
  format: "esm",
  target: "es2022",
  platform: "neutral",
  minify: true,
});
const entry = readFileSync(join(pkg, "index.js"), "utf8");
// A leftover address of a .wasm file would send bundlers looking for it.
if (entry.includes("import.meta")) throw new Error("pkg/index.js refers to its own address");

// 5. What is not code. The version has one source, and the types become one file.
function types(name) {
  const text = readFileSync(join(root, `src/api/${name}.d.ts`), "utf8");
  return text
    .replace(/^import type .*\n/gm, "")
    .replace(/^export \* from "\.\/(\w+)\.js";$/gm, (_, part) => types(part).trim());
}
const manifest = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
manifest.version = /^\[workspace\.package\][^[]*^version = "([^"]*)"/m.exec(cargo)[1];
writeFileSync(join(pkg, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(pkg, "index.d.ts"), types("types"));
const hooks = readFileSync(join(root, "src/api/react.d.ts"), "utf8");
writeFileSync(join(pkg, "react.d.ts"), hooks.replace("./types.js", "./index.js"));
cpSync(join(template, "README.md"), join(pkg, "README.md"));
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"])
  cpSync(join(root, licence), join(pkg, licence));
