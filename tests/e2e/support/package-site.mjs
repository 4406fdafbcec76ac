import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packageDir } from "./paths.mjs";

/**
 * A folder for a web server to hand out: an empty page at `/`, the package at `/pkg/`.
 *
 * @param {Record<string, string>} [folders] more folders, by the name they get
 */
export function packageSite(folders = {}) {
  const dir = mkdtempSync(join(tmpdir(), "ironflow-site-"));
  for (const [name, from] of Object.entries({ pkg: packageDir, ...folders })) {
    cpSync(from, join(dir, name), { recursive: true });
  }
  writeFileSync(join(dir, "index.html"), '<!doctype html><link rel="icon" href="data:,">');
  return {
    dir,
    remove: () => rmSync(dir, { recursive: true, force: true }),
  };
}
