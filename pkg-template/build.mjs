// Builds the npm package into pkg/. Read it from top to bottom: each step takes what the one before
// it made. The tools come with `make setup`.
//
//   node build.mjs [--debug] [--out FOLDER]
//
// With --debug the JavaScript is not minified and the WebAssembly, which is compiled from the same code but not
// optimised by wasm-opt, keeps the names of its functions: stack traces and profiles are readable.

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
import { rename, renameExports } from "./rename.mjs";
import { readable } from "./source-map.mjs";

const { debug, out } = parseArgs({
  options: { debug: { type: "boolean", default: false }, out: { type: "string" } },
}).values;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const template = join(root, "pkg-template");
const compiled = join(root, "target/wasm");
const pkg = resolve(out ?? join(root, "pkg"));
const { build } = createRequire(join(root, "tests/package.json"))("esbuild");

/** Gives what the program prints. */
function run(program, args, env = {}) {
  const options = { cwd: root, encoding: "utf8", env: { ...process.env, ...env } };
  return execFileSync(program, args, { ...options, stdio: ["ignore", "pipe", "inherit"] });
}

/** A section of a WebAssembly module that means nothing to its engine. @param {string} name */
function customSection(name) {
  const content = [name.length, ...Buffer.from(name)];
  return Buffer.from([0, content.length, ...content]);
}

// 1. The compiler that rust-toolchain.toml names: others give other bytes, or fail.
const [, pinned] = /^channel = "(.*)"/m.exec(
  readFileSync(join(root, "rust-toolchain.toml"), "utf8"),
);
const [, commit] = /^commit-hash: (\w+)$/m.exec(run("rustc", ["-vV"]));
const [, compiler] = /^release: (\S+)$/m.exec(run("rustc", ["-vV"]));
if (compiler !== pinned) {
  console.error(
    `the package is built with rustc ${pinned}, and this is ${compiler}: run .ci/setup rust`,
  );
  process.exit(1);
}

// 2. The crate, compiled, with wasm-bindgen's glue. Unstable, which RUSTC_BOOTSTRAP allows: the standard
//    library is compiled with it, for size and without the messages of panics, which nothing shows: a
//    panic is a RuntimeError here either way. That saves 6,000 bytes gzip; to measure it, run this without
//    `std` and the first four flags, and then `make size`. Remapped paths make the bytes the same on every
//    machine.
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

// 3. The WebAssembly, optimised for size: 2,300 bytes gzip less than `-Oz` alone (put that in the place of
//    `size` to measure it), most of it by not inlining functions that are called from one place. Its imports
//    and exports get short names, in the glue too: 4,700 bytes gzip less (leave out `minify`, `rename` and
//    `renameExports` to measure it). The build's name is in it, for code and WebAssembly to know that they
//    belong together. A debug build keeps all names, so it is not optimised here.
const strip = ["--strip-debug", "--strip-producers", "--strip-target-features"];
const minify = "--minify-imports-and-exports-and-modules";
const bound = join(compiled, "ironflow_browser_bg.wasm");
const optimised = join(compiled, "optimised.wasm");
const flat = ["--flatten", "--rereloop", "-Oz"];
const inline = "--one-caller-inline-max-function-size=22";
const size = ["--low-memory-unused", inline, ...flat, ...flat, "-Oz", "-Oz"];
const optimise = () => run("wasm-opt", [...size, ...strip, minify, bound, "-o", optimised]);
const printed = debug ? undefined : optimise();
const code = readFileSync(debug ? bound : optimised);
const names = printed && withoutUnderscores(code, printed);
const buildName = createHash("sha256").update(code).digest("hex").slice(0, 8);
const wasm = Buffer.concat([code, customSection(buildName)]);

// 4. The glue, with the same short names, and made to load the WebAssembly when it is first used.
const written = readFileSync(join(compiled, "ironflow_browser.js"), "utf8");
const glue = lean(names ? rename(written, names) : written);

// 5. The files of the package. Errors are a file of their own: every entry means the same classes, and
//    who wants nothing else gets nothing else. So is the client of the default entry, and the inlined
//    WebAssembly, which two entries share. The JavaScript of the crate is taken from where it is written.
const shared = {
  "ironflow:client": "./client.js",
  "ironflow:errors": "./errors.js",
  "ironflow:inlined": "./inlined.js",
};
const encoded = encode(wasm);
const decoder = join(compiled, "decoder.wasm");
run("wasm-opt", ["-O3", join(template, "decoder.wat"), "-o", decoder]);
const made = {
  "ironflow:glue": glue,
  "ironflow:text": `export const COMMON = "${encoded.common}";
export const TEXT = "${encoded.text}";
export const DECODER = "${readFileSync(decoder, "base64")}";`,
};

async function bundle(output, input, rooms = {}) {
  const modules = {
    name: "ironflow",
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^ironflow:/ }, ({ path }) => {
        if (shared[path]) return { path: shared[path], external: true };
        return rooms[path] ? { path: join(template, rooms[path]) } : { path, namespace: "made" };
      });
      onResolve({ filter: /\/errors\.js$/ }, ({ kind, importer }) => {
        const own = kind === "entry-point" || dirname(importer) === template;
        return own ? undefined : { path: shared["ironflow:errors"], external: true };
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
    // Source maps name their sources from here, wherever the package is written to.
    outfile: join(root, output),
    write: false,
    bundle: true,
    external: ["react"],
    define: { BUILD: JSON.stringify(buildName) },
    format: "esm",
    target: "es2022",
    platform: "neutral",
    minifySyntax: !debug,
    minifyWhitespace: !debug,
    legalComments: "none",
    sourcemap: "linked",
    sourcesContent: false,
    // wasm-bindgen lists a module of the crate once for each function; `rename` makes one list of them.
    logOverride: { "duplicate-object-key": debug ? "silent" : "warning" },
    plugins: [modules],
  });
  for (const { path, text } of outputFiles) {
    const name = basename(path);
    writeFileSync(join(pkg, name), name.endsWith(".map") ? readable(text, root, made) : text);
  }
}

rmSync(pkg, { recursive: true, force: true });
mkdirSync(pkg, { recursive: true });
const loadInlined = { "ironflow:load": "load-inlined.js" };
const slimIn = (source) => ({ "ironflow:load": "load-not.js", "ironflow:source": source });
await bundle("errors.js", join(root, "src/js/errors.js"));
await bundle("inlined.js", join(template, "inlined.js"));
await bundle("client.js", join(template, "default.js"), loadInlined);
await bundle("index.js", join(template, "index.js"));
await bundle("slim.js", join(template, "slim.js"), slimIn("source-file.js"));
await bundle("slim.node.js", join(template, "slim.js"), slimIn("source-inlined.js"));
await bundle("react.js", join(template, "react.js"));
writeFileSync(join(pkg, "ironflow.wasm"), wasm);

// Another address of a .wasm file than the one that is meant would send bundlers looking for it.
for (const [file, addresses] of Object.entries({
  "client.js": 0,
  "slim.js": 1,
  "slim.node.js": 0,
})) {
  const found = readFileSync(join(pkg, file), "utf8").split("import.meta").length - 1;
  if (found !== addresses) throw new Error(`pkg/${file} refers ${found} times to its own address`);
}

// 6. What is not code. The version has one source, and the types become one file.
function types(name) {
  const text = readFileSync(join(root, `src/client/${name}.d.ts`), "utf8");
  return text
    .replace(/^import type .*\n/gm, "")
    .replace(/^export \* from "\.\/(\w+)\.js";$/gm, (_, part) => types(part).trim());
}
const manifest = JSON.parse(readFileSync(join(template, "package.json"), "utf8"));
const cargo = readFileSync(join(root, "Cargo.toml"), "utf8");
manifest.version = /^\[workspace\.package\][^[]*^version = "([^"]*)"/m.exec(cargo)[1];
writeFileSync(join(pkg, "package.json"), `${JSON.stringify(manifest, null, 2)}\n`);
writeFileSync(join(pkg, "index.d.ts"), types("types"));
for (const name of ["slim.d.ts", "react.d.ts", "ironflow.wasm.d.ts"]) {
  const declarations = readFileSync(join(root, "src/client", name), "utf8");
  writeFileSync(join(pkg, name), declarations.replace("./types.js", "./index.js"));
}
cpSync(join(template, "README.md"), join(pkg, "README.md"));
for (const licence of ["LICENSE-MIT", "LICENSE-APACHE"])
  cpSync(join(root, licence), join(pkg, licence));
