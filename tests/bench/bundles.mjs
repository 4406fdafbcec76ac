import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { packageDir } from "../e2e/support/paths.mjs";

/** @param {string} path */
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/**
 * A module and all that it imports, minified, as an application would ship it.
 *
 * @param {string} source of the module
 * @param {string} [dir] where it finds what it imports
 */
export async function bundle(source, dir = here(".")) {
  const { outputFiles } = await build({
    stdin: { contents: source, resolveDir: dir, loader: "ts" },
    bundle: true,
    minify: true,
    write: false,
    format: "esm",
    target: "es2022",
    legalComments: "none",
    charset: "utf8",
    external: ["react", "vue"],
    alias: { "@ironflow/browser": packageDir },
    logLevel: "error",
  });
  const [file] = outputFiles;
  if (!file) throw new Error("esbuild gave no file");
  return file.contents;
}
