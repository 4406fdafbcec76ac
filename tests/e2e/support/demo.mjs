import { cpSync, existsSync, mkdirSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { packageDir, root, targetDir } from "./paths.mjs";

/**
 * Puts the demo page and the package side by side, as a web server would hand them out: the page at `/`,
 * the package at `/pkg/`. Returns the folder.
 *
 * @param {string} [dir] by default `target/demo`
 */
export function assembleDemo(dir = join(targetDir, "demo")) {
  if (!existsSync(join(packageDir, "index.js"))) {
    throw new Error('there is no pkg/: run "make build" first');
  }
  rmSync(dir, { recursive: true, force: true });
  mkdirSync(dir, { recursive: true });
  cpSync(join(root, "www"), dir, { recursive: true });
  cpSync(packageDir, join(dir, "pkg"), { recursive: true });
  return dir;
}

/**
 * Chooses where the page keeps its data, and waits until it is there.
 *
 * @param {import("playwright-core").Page} page
 * @param {"In this tab" | "This server"} where
 */
export async function connect(page, where) {
  await page.getByRole("radio", { name: where }).check();
  await page.getByRole("button", { name: /^(Connect|Start afresh)$/ }).click();
  await see(page, "#connection-chip", where === "In this tab" ? where : "Connected to 127.0.0.1");
}

/** Waits until an element holds a text. @param {import("playwright-core").Page} page @param {string} selector @param {string | RegExp} text */
export const see = (page, selector, text) =>
  page.locator(selector).filter({ hasText: text }).waitFor();

// Run by itself: assemble, and say where.
if (process.argv[1] && resolve(process.argv[1]) === fileURLToPath(import.meta.url)) {
  console.log(assembleDemo(process.argv[2]));
}
