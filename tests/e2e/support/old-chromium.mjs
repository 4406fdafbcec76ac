// Old versions of Chromium, which npm's @sparticuz/chromium has as compressed files.
//
//   node old-chromium.mjs      installs those that are missing

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, createWriteStream, existsSync, mkdirSync, rmSync } from "node:fs";
import { rename } from "node:fs/promises";
import { homedir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { createBrotliDecompress } from "node:zlib";
import { launchBrowser } from "./browser.mjs";

const tools = process.env.IRONFLOW_TOOLS || join(homedir(), ".cache/ironflow-tools");

/** The package's versions: the oldest that is tested, and the last one before and the first one with which `init()` is optional. */
const VERSIONS = { 109: "109.0.6", 114: "114.0.0", 115: "115.0.0" };

/** @typedef {keyof typeof VERSIONS} Major */

export const OLD = /** @type {Major[]} */ (Object.keys(VERSIONS).map(Number));

/** @param {Major} major */
const folder = (major) => join(tools, `chromium-${VERSIONS[major]}`);

/** The program; undefined where it is not installed. @param {Major} major */
export function oldChromiumPath(major) {
  const program = join(folder(major), "chromium");
  return existsSync(program) ? program : undefined;
}

/** Starts it headless; the caller closes it. @param {Major} major */
export function launchOldChromium(major) {
  const env = { ...process.env, LD_LIBRARY_PATH: join(folder(major), "lib") };
  return launchBrowser(oldChromiumPath(major), env);
}

/** @param {Major} major */
async function install(major) {
  const downloaded = `${folder(major)}-download`;
  mkdirSync(folder(major), { recursive: true });
  mkdirSync(downloaded, { recursive: true });
  const options = ["--prefix", downloaded, "--no-audit", "--no-fund", "--no-package-lock"];
  const named = `@sparticuz/chromium@${VERSIONS[major]}`;
  await promisify(execFile)("npm", ["install", ...options, named]);
  const packed = join(downloaded, "node_modules/@sparticuz/chromium/bin");
  /** @param {string} file @param {NodeJS.WritableStream} to */
  const unpack = (file, to) =>
    pipeline(createReadStream(join(packed, file)), createBrotliDecompress(), to);
  // Its libraries.
  for (const file of ["aws.tar.br", "swiftshader.tar.br"]) {
    const tar = spawn("tar", ["-x", "-C", folder(major)], { stdio: ["pipe", "ignore", "inherit"] });
    const [[status]] = await Promise.all([once(tar, "exit"), unpack(file, tar.stdin)]);
    if (status !== 0) throw new Error(`tar could not unpack ${file}`);
  }
  const program = join(folder(major), "chromium");
  await unpack("chromium.br", createWriteStream(`${program}.part`, { mode: 0o755 }));
  await rename(`${program}.part`, program);
  rmSync(downloaded, { recursive: true });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  for (const major of OLD) {
    if (!oldChromiumPath(major)) await install(major);
  }
}
