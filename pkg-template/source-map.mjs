// Source maps that contain their sources, with paths relative to the repository.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A long string without information for a reader: the text of the WebAssembly. */
const LONG = /"[^"\n]{1000,}"/g;

/**
 * Converts esbuild's source map to the one in the package.
 *
 * @param {string} map written by esbuild, with paths relative to the root
 * @param {string} root the repository's root
 * @param {Record<string, string>} made generated sources, which are not files, by name
 */
export function readable(map, root, made) {
  const { sources, ...rest } = JSON.parse(map);
  const given = sources.map((source) => {
    const name = source.replace(/^made:/, "");
    if (!(name in made)) return [source, readFileSync(join(root, source), "utf8")];
    return [`made/${name.replace("ironflow:", "")}.js`, made[name].replace(LONG, '"..."')];
  });
  const named = given.map(([source]) => source);
  const strange = named.find((source) => !/^(src|pkg-template|made)\//.test(source));
  if (strange) throw new Error(`a source map contains a source outside the repository: ${strange}`);
  const sourcesContent = given.map(([, content]) => content);
  return JSON.stringify({ ...rest, sources: named, sourcesContent });
}
