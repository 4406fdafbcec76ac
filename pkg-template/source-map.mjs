// Source maps that hold their sources, by the paths these have in the repository.

import { readFileSync } from "node:fs";
import { join } from "node:path";

/** A string that stands in the source but says nothing: the text of the WebAssembly. */
const LONG = /"[^"\n]{1000,}"/g;

/**
 * A source map as the package has it.
 *
 * @param {string} map by esbuild, its sources named from the root
 * @param {string} root of the repository
 * @param {Record<string, string>} made sources that are no files, by their names
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
  if (strange) throw new Error(`a source map has a source that the repository has not: ${strange}`);
  const sourcesContent = given.map(([, content]) => content);
  return JSON.stringify({ ...rest, sources: named, sourcesContent });
}
