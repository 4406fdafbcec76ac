// Whether what lies in pkg/ can be released: the version is the same everywhere, each file is known, and a build of
// the commit in an empty folder gives the same bytes. Leaves the tarball in target/release-check.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pack } from "../e2e/support/installed.mjs";
import { packageDir, root } from "../e2e/support/paths.mjs";
import { trace } from "./provenance.mjs";
import { disagreements, versionOf } from "./versions.mjs";

/** Gives what git prints. @param {string[]} args */
const git = (...args) => execFileSync("git", args, { cwd: root, encoding: "utf8" }).trim();

/** @param {string} path */
const read = (path) => readFileSync(join(root, path), "utf8");

/** Builds the commit in an empty folder. @param {string} folder */
function buildCleanly(folder) {
  git("clone", "--quiet", ".", folder);
  symlinkSync(join(root, "tests/node_modules"), join(folder, "tests/node_modules"));
  const { CARGO_TARGET_DIR: _, ...env } = process.env;
  execFileSync(process.execPath, ["pkg-template/build.mjs"], {
    cwd: folder,
    env,
    stdio: "inherit",
  });
}

const changed = git("status", "--porcelain");
assert.equal(changed, "", `there is what no commit has:\n${changed}`);

const cargo = read("Cargo.toml");
const found = disagreements({
  cargo,
  lock: read("Cargo.lock"),
  changelog: read("CHANGELOG.md"),
  manifest: JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8")),
  tags: git("tag", "--points-at", "HEAD").split("\n"),
  repository: process.env.GITHUB_REPOSITORY,
});
assert.deepEqual(found, [], `the version is not the same everywhere:\n${found.join("\n")}`);

const kept = join(root, "target/release-check");
rmSync(kept, { recursive: true, force: true });
mkdirSync(kept, { recursive: true });
const packed = await pack(kept);
const paths = packed.files.map(({ path }) => path);
const files = trace(root, packageDir, paths);

const fresh = mkdtempSync(join(tmpdir(), "ironflow-release-"));
try {
  buildCleanly(fresh);
  const again = trace(fresh, join(fresh, "pkg"), paths);
  assert.deepEqual(again, files, "a build of the commit in an empty folder gives other bytes");
} finally {
  rmSync(fresh, { recursive: true, force: true });
}

const sums = files.map(({ path, sha256 }) => `${sha256}  ${path}\n`).join("");
writeFileSync(join(kept, "SHA256SUMS"), sums);
console.log(`${packed.name} ${versionOf(cargo)}, commit ${git("rev-parse", "HEAD")}\n`);
for (const { path, size, sha256, source } of files) {
  console.log(`${path.padEnd(20)}${`${size}`.padStart(8)}  ${sha256}  ${source}`);
}
console.log(`\n${packed.path}`);
