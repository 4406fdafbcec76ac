// Builds the npm package into pkg/. Read it from top to bottom: each step uses the output of the previous
// one. `make setup` installs the tools.
//
//   node build.mjs [--debug] [--out FOLDER]
//
// With --debug the JavaScript is not minified, and the WebAssembly, which is compiled from the same code but not
// optimised by wasm-opt, keeps its function names: stack traces and profiles are readable.

import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { encode } from "./encode.mjs";
import { lean } from "./glue.mjs";
import { withoutUnderscores } from "./names.mjs";
import { arranged } from "./order.mjs";
import { rename, renameExports } from "./rename.mjs";
import { readable } from "./source-map.mjs";
import { withoutUncalled } from "./table.mjs";

const { debug, out } = parseArgs({
  options: { debug: { type: "boolean", default: false }, out: { type: "string" } },
}).values;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const template = join(root, "pkg-template");
const compiled = join(root, "target/wasm");
const pkg = resolve(out ?? join(root, "pkg"));
const { build } = createRequire(join(root, "tests/package.json"))("esbuild");

/** Runs a program and returns its output. */
function run(program, args, env = {}) {
  const options = { cwd: root, encoding: "utf8", env: { ...process.env, ...env } };
  return execFileSync(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
}

/** An empty custom section of a WebAssembly module, which engines ignore. @param {string} name */
function customSection(name) {
  const content = [name.length, ...Buffer.from(name)];
  return Buffer.from([0, content.length, ...content]);
}

// 1. Check the compiler's version: others produce different bytes, or fail.
const [, pinned] = /^channel = "(.*)"/m.exec(
  readFileSync(join(root, "rust-toolchain.toml"), "utf8"),
);
const [, commit] = /^commit-hash: (\w+)$/m.exec(run("rustc", ["-vV"]));
const [, compiler] = /^release: (\S+)$/m.exec(run("rustc", ["-vV"]));
if (compiler !== pinned) {
  console.error(`the package needs rustc ${pinned}, found ${compiler}: run .ci/setup rust`);
  process.exit(1);
}

// 2. Compile the crate and write wasm-bindgen's glue. The standard library is compiled too, for size and without
//    panic messages (unstable, which RUSTC_BOOTSTRAP allows): a panic is a RuntimeError with or without a message.
//    That saves 6,000 bytes gzip; to measure it, run this without `std` and the first four flags, and then
//    `make size`. Remapped paths make the bytes the same on every machine.
const library = join(run("rustc", ["--print", "sysroot"]).trim(), "lib/rustlib/src/rust");
const cargoHome = process.env.CARGO_HOME ?? join(homedir(), ".cargo");
const flags = [
  "-Zunstable-options",
  "-Cpanic=immediate-abort",
  "-Zlocation-detail=none",
  "-Zfmt-debug=none",
  `--remap-path-prefix=${library}=/rustc/${commit}`,
  `--remap-path-prefix=${cargoHome}=/cargo`,
];
const web = ["--profile", "wasm", "--target", "web", "--no-pack", "--no-typescript"];
const std = ["-Zbuild-std=std,panic_abort", "-Zbuild-std-features=optimize_for_size"];
run(
  "wasm-pack",
  ["--log-level", "warn", "build", ".", ...web, "--out-dir", compiled, "--", ...std],
  { RUSTC_BOOTSTRAP: "1", CARGO_ENCODED_RUSTFLAGS: flags.join("\x1f") },
);

// 3. Optimise the WebAssembly for size: 2,300 bytes gzip less than `-Oz` alone (replace `size` by it to measure
//    the difference), mostly by not inlining functions that have one caller. 830 bytes less because functions that
//    nothing calls leave the table before (leave out `withoutUncalled`). Imports and exports get short names, in the
//    glue too: 4,700 bytes gzip less (leave out `minify`, `rename` and `renameExports` to measure it). Functions
//    that resemble each other become neighbours: 1,500 bytes gzip less (leave out `arranged`). A section holds the
//    build's name, so that the JavaScript can check that the WebAssembly is of the same build. A debug build keeps
//    all names, so it is not optimised.
const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
const minify = "--minify-imports-and-exports-and-modules";
const bound = join(compiled, "ironflow_browser_bg.wasm");
const optimised = join(compiled, "optimised.wasm");
const flat = ["--flatten", "--rereloop", "-Oz"];
const inline = "--one-caller-inline-max-function-size=22";
const size = ["--low-memory-unused", inline, ...flat, ...flat, "-Oz", "-Oz"];
const needed = join(compiled, "needed.wasm");
function optimise() {
  writeFileSync(needed, withoutUncalled(readFileSync(bound)));
  return run("wasm-opt", [...size, ...strip, minify, needed, "-o", optimised]);
}
const printed = debug ? undefined : optimise();
const named = readFileSync(debug ? bound : optimised);
const names = printed && withoutUnderscores(named, printed);
const code = debug ? named : arranged(named);
const buildName = createHash("sha256").update(code).digest("hex").slice(0, 8);
const wasm = Buffer.concat([code, customSection(buildName)]);

// 4. Give the glue the same short names, and make it load the WebAssembly on first use.
const written = readFileSync(join(compiled, "ironflow_browser.js"), "utf8");
const glue = lean(names ? rename(written, names) : written);

// 5. Bundle the files of the package. The errors have their own file: all entries share the classes, and an
//    application that imports only them loads nothing else. The client of the default entry has its own file too,
//    as has the inlined WebAssembly, which two entries share. The JavaScript of the crate comes from `src/js`.
const shared = {
  "ironflow:client": "./client.js",
  "ironflow:errors": "./errors.js",
  "ironflow:inlined": "./inlined.js",
};
const encoded = encode(wasm);
const decoder = join(compiled, "decoder.wasm");
run("wasm-opt", ["-O3", "--enable-bulk-memory", join(template, "decoder.wat"), "-o", decoder]);
const made = {
  "ironflow:glue": glue,
  "ironflow:text": `export const COMMON = "${encoded.common}";
export const SIZES = [${encoded.sizes}];
export const BEFORE = ${encoded.before};
export const FUNCTIONS = ${encoded.functions};
export const TEXT = "${encoded.text}";
export const DECODER = "${readFileSync(decoder, "base64")}";`,
};

/** @param {string} output its extension says whether it is an ES module or CommonJS */
async function bundle(output, input, replacements = {}) {
  const commonjs = output.endsWith(".cjs");
  const sharedFile = (name) => (commonjs ? shared[name]?.replace(/js$/, "cjs") : shared[name]);
  const modules = {
    name: "ironflow",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^ironflow:/ }, ({ path }) => {
        if (shared[path]) return { path: sharedFile(path), external: true };
        const file = replacements[path];
        return file ? { path: join(template, file) } : { path, namespace: "made" };
      });
      onResolve({ filter: /\/errors\.js$/ }, ({ kind, importer }) => {
        const own = kind === "entry-point" || dirname(importer) === template;
        return own ? undefined : { path: sharedFile("ironflow:errors"), external: true };
      });
      onResolve({ filter: /\/snippets\// }, ({ path }) => ({
        path: join(root, path.replace(/^.*\/snippets\/[^/]+\//, "")),
      }));
      onLoad({ filter: /\/listeners\.js$/ }, ({ path }) => {
        const contents = readFileSync(path, "utf8");
        return { contents: names ? renameExports(contents, names) : contents };
      });
      onLoad({ filter: /./, namespace: "made" }, ({ path }) => ({
        contents: made[path],
        resolveDir: template,
      }));
    },
  };
  const { outputFiles } = await build({
    entryPoints: [input],
    // Source maps contain paths relative to this one, independent of where the package is written.
    outfile: join(root, basename(output)),
    write: false,
    bundle: true,
    external: ["react", "vue"],
    define: { BUILD: JSON.stringify(buildName) },
    format: commonjs ? "cjs" : "esm",
    // Jest's jsdom environment lacks TextDecoder and TextEncoder: CommonJS takes those of Node.
    inject: commonjs ? [join(template, "node-text.js")] : [],
    target: "es2022",
    // For Node, esbuild lists the exports of CommonJS so that an ES module can import them by name.
    platform: commonjs ? "node" : "neutral",
    minifySyntax: !debug,
    minifyWhitespace: !debug,
    legalComments: "none",
    sourcemap: "linked",
    sourcesContent: false,
    // wasm-bindgen lists a module of the crate once per function; `rename` merges the lists.
    // Its `import.meta` is unused in CommonJS.
    logOverride: {
      "duplicate-object-key": debug ? "silent" : "warning",
      "empty-import-meta": "silent",
    },
    plugins: [modules],
  });
  for (const { path, text } of outputFiles) {
    const file = join(pkg, dirname(output), basename(path));
    writeFileSync(file, path.endsWith(".map") ? readable(text, root, made) : text);
  }
}

rmSync(pkg, { recursive: true, force: true });
mkdirSync(join(pkg, "cjs"), { recursive: true });
const extras = ["offline", "react", "ssr", "svelte", "vue"];
const loadInlined = { "ironflow:load": "load-inlined.js" };
const slimIn = (source) => ({ "ironflow:load": "load-not.js", "ironflow:source": source });
await bundle("errors.js", join(root, "src/js/errors.js"));
await bundle("inlined.js", join(template, "inlined.js"));
await bundle("client.js", join(template, "default.js"), loadInlined);
await bundle("index.js", join(template, "index.js"));
await bundle("slim.js", join(template, "slim.js"), slimIn("source-file.js"));
await bundle("slim.node.js", join(template, "slim.js"), slimIn("source-inlined.js"));
for (const name of extras) await bundle(`${name}.js`, join(template, `${name}.js`));
await bundle("cjs/errors.cjs", join(root, "src/js/errors.js"));
await bundle("cjs/inlined.cjs", join(template, "inlined.js"));
await bundle("cjs/client.cjs", join(template, "default.js"), loadInlined);
await bundle("cjs/index.cjs", join(template, "index.js"));
await bundle("cjs/slim.cjs", join(template, "slim.js"), slimIn("source-inlined.js"));
for (const name of extras) await bundle(`cjs/${name}.cjs`, join(template, `${name}.js`));
// Node that cannot load ES modules by require() imports the CommonJS files, so that there is one instance.
for (const name of ["index", "slim", ...extras])
  writeFileSync(join(pkg, `cjs/${name}.mjs`), `export * from "./${name}.cjs";\n`);
writeFileSync(join(pkg, "ironflow.wasm"), wasm);
// For a script tag and importScripts(): the default entry as the global `Ironflow`.
await build({
  entryPoints: [join(pkg, "index.js")],
  outfile: join(pkg, "iife/ironflow.js"),
  bundle: true,
  minify: !debug,
  format: "iife",
  globalName: "Ironflow",
  target: "es2022",
});

// The development server, with the package `ws` and its licence.
mkdirSync(join(pkg, "dev"));
const ws = readFileSync(join(root, "tests/node_modules/ws/LICENSE"), "utf8");
for (const [output, input] of [
  ["index.cjs", "server.js"],
  ["cli.cjs", "cli.js"],
]) {
  const client = {
    name: "ironflow",
    setup: ({ onResolve }) =>
      onResolve({ filter: /^ironflow:package$/ }, () => ({
        path: "../cjs/index.cjs",
        external: true,
      })),
  };
  await build({
    entryPoints: [join(template, "dev", input)],
    outfile: join(pkg, "dev", output),
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    external: ["./index.cjs", "bufferutil", "utf-8-validate"],
    nodePaths: [join(root, "tests/node_modules")],
    minifySyntax: !debug,
    minifyWhitespace: !debug,
    banner: output === "index.cjs" ? { js: `/* Contains the npm package ws:\n${ws}*/` } : {},
    plugins: [client],
  });
}
writeFileSync(join(pkg, "dev/index.mjs"), 'export * from "./index.cjs";\n');

// Bundlers would try to emit any other URL of a .wasm file.
for (const [file, addresses] of Object.entries({
  "client.js": 0,
  "slim.js": 1,
  "slim.node.js": 0,
})) {
  const found = readFileSync(join(pkg, file), "utf8").split("import.meta").length - 1;
  if (found !== addresses)
    throw new Error(`pkg/${file} contains import.meta ${found} times, expected ${addresses}`);
}

// 6. Write the manifest, types, README and licences. The version comes from Cargo.toml; the types become one file.
function types(name) {
  const text = readFileSync(join(root, `src/client/${name}.d.ts`), "utf8");
  return text
    .replace(/^import type [^;]*;\n/gm, "")
    .replace(/^export \* from "\.\/(\w+)\.js";$/gm, (_, part) => types(part).trim());
}
const manifest = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
manifest.version = /^\[workspace\.package\][^[]*^version = "([^"]*)"/m.exec(cargo)[1];
writeFileSync(join(pkg, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
function writeTypes(name, declarations) {
  const write = (file, index) =>
    writeFileSync(join(pkg, file), declarations.replaceAll("./types.js", index));
  write(`${name}.d.ts`, "./index.js");
  write(`cjs/${name}.d.cts`, "./index.cjs");
}
writeTypes("index", types("types"));
for (const name of ["slim", ...extras])
  writeTypes(name, readFileSync(join(root, `src/client/${name}.d.ts`), "utf8"));
cpSync(join(root, "src/client/ironflow.wasm.d.ts"), join(pkg, "ironflow.wasm.d.ts"));
for (const extension of ["d.ts", "d.cts"])
  cpSync(join(root, "src/client/dev.d.ts"), join(pkg, `dev/index.${extension}`));
cpSync(join(template, "README.md"), join(pkg, "README.md"));
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"])
  cpSync(join(root, licence), join(pkg, licence));
