// Serves the files of a folder.

import { readFile } from "node:fs/promises";
import { extname, join, normalize } from "node:path";
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

/** The content and type of the file at a path; `index.html` for a folder. */
export async function fileAt(folder, path) {
  const missing = () => new Refusal(404, "no such resource");
  try {
    // `normalize` removes every `..` from an absolute path.
    const file = join(folder, normalize(`/${decodeURIComponent(path)}`));
    const name = file.endsWith("/") ? join(file, "index.html") : file;
    return [await readFile(name), TYPES[extname(name)] ?? "application/octet-stream"];
  } catch {
    throw missing();
  }
}
