// Serves the files of a folder.

import { readFile, realpath } from "node:fs/promises";
import { extname, join, normalize, sep } from "node:path";
import { Refusal } from "./errors.js";

const TYPES = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".ico": "image/x-icon",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
  ".woff2": "font/woff2",
};

/**
 * The content and type of the file at a path; `index.html` for a folder. Missing are names that begin with a dot, and what
 * is in the folder of the data, to which credentials may be needed.
 */
export async function fileAt(folder, path, dataDir) {
  const missing = () => new Refusal(404, "no such resource");
  try {
    // `normalize` removes every `..` from an absolute path.
    const inside = normalize(`/${decodeURIComponent(path)}`);
    if (/[/\\]\./.test(inside)) throw missing();
    const file = join(folder, inside);
    const name = await realpath(file.endsWith("/") ? join(file, "index.html") : file);
    const data = dataDir === undefined ? undefined : await realpath(dataDir).catch(() => undefined);
    if (data !== undefined && `${name}${sep}`.startsWith(`${data}${sep}`)) throw missing();
    return [await readFile(name), TYPES[extname(name)] ?? "application/octet-stream"];
  } catch {
    throw missing();
  }
}
