import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packageDir, root, targetDir } from "./paths.mjs";

/**
 * Puts the demo page and the package side by side, as a web server would hand them out: the page at `/`,
 * the package at `/pkg/`, the API reference at `/docs/`, or a page that says how to build it. Returns the folder.
 *
 * @param {string} [dir] by default `target/demo`
 * @param {string} [reference] where `make docs` puts the API reference
 */
export function assembleDemo(dir = join(targetDir, "demo"), reference = join(targetDir, "docs")) {
  if (!existsSync(join(packageDir, "index.js"))) {
    throw new Error('there is no pkg/: run "make build" first');
  }
  const pictures = join(root, "www/pictures");
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  cpSync(join(root, "www"), dir, { recursive: true, filter: (path) => path !== pictures });
  cpSync(packageDir, join(dir, "pkg"), { recursive: true });
  if (existsSync(reference)) cpSync(reference, join(dir, "docs"), { recursive: true });
  return dir;
}

// Run by itself: assemble, and say where.
if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(assembleDemo(process.argv[2]));
}
