import { readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build } from "esbuild";
import { packageDir } from "../support/paths.mjs";

/** @typedef {{ raw: number, gzip: number, brotli: number }} Sizes */

/** As they are, compressed by gzip -9 and by brotli. @param {Uint8Array} bytes @returns {Sizes} */
export const sizes = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes).length,
});

/** @param {Sizes} one @param {Sizes} other @returns {Sizes} */
const sum = (one, other) => ({
  raw: one.raw + other.raw,
  gzip: one.gzip + other.gzip,
  brotli: one.brotli + other.brotli,
});

/** What an application gets that uses all of a module. @param {string} file @param {string} [dir] */
export async function bundled(file, dir = packageDir) {
  const { outputFiles } = await build({
    stdin: { contents: `export * from "./${file}";`, resolveDir: dir },
    bundle: true,
    minify: true,
    format: "esm",
    external: ["react", "vue"],
    write: false,
  });
  return sizes(outputFiles[0]?.contents ?? new Uint8Array());
}

/** What each entry of the package adds to an application. @returns {Promise<Record<string, Sizes>>} */
export async function entrySizes() {
  const wasm = sizes(readFileSync(join(packageDir, "ironflow.wasm")));
  const glue = await bundled("slim.js");
  return {
    "ironflow.wasm": wasm,
    "JavaScript of ./slim": glue,
    ".": await bundled("index.js"),
    "./slim": sum(wasm, glue),
    "./offline": await bundled("offline.js"),
    "./react": await bundled("react.js"),
    "./ssr": await bundled("ssr.js"),
    "./svelte": await bundled("svelte.js"),
    "./vue": await bundled("vue.js"),
  };
}
