import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { cpus, loadavg } from "node:os";
import { join } from "node:path";
import { chromePath } from "../e2e/support/browser.mjs";
import { packageDir, root } from "../e2e/support/paths.mjs";

/** What a program prints. @param {string} program @param {string[]} args */
const ask = (program, ...args) =>
  execFileSync(program, args, {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  }).trim();

/** When, on what, and with which versions. */
export function circumstances() {
  const { version } = JSON.parse(readFileSync(join(packageDir, "package.json"), "utf8"));
  const dirty = ask("git", "status", "--porcelain", "--", "src", "pkg-template") !== "";
  return {
    date: new Date().toISOString(),
    versions: {
      "@ironflow/browser": `${version} (${ask("git", "rev-parse", "--short", "HEAD")}${dirty ? ", changed" : ""})`,
      Chromium: ask(chromePath(), "--version").replace(/^\w+ ([\d.]+).*/, "$1"),
      "nats-server": ask("bash", "-c", '. .ci/env && "$NATS_SERVER" --version').replace(/.* v/, ""),
      rustc: ask("rustc", "--version").replace(/^rustc (\S+).*/, "$1"),
      Node: process.versions.node,
    },
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), load ${loadavg()[0]?.toFixed(1)} at the end`,
  };
}
