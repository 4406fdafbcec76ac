// A release has one version: what states it must agree with Cargo.toml, which is the source.

/**
 * @typedef {object} Statements
 * @property {string} cargo Cargo.toml
 * @property {string} lock Cargo.lock
 * @property {string} changelog CHANGELOG.md
 * @property {{ version: string, repository?: { url?: string } }} manifest the package's package.json
 * @property {string[]} tags of the commit
 * @property {string | undefined} repository `owner/name` of where it is published from, in a workflow
 */

/** The version in Cargo.toml. @param {string} cargo */
export function versionOf(cargo) {
  const version = /^\[workspace\.package\][^[]*^version = "([^"]*)"/m.exec(cargo)?.[1];
  if (!version) throw new Error("Cargo.toml has no version");
  return version;
}

/** What does not agree, in words. @param {Statements} statements */
export function disagreements({ cargo, lock, changelog, manifest, tags, repository }) {
  const version = versionOf(cargo);
  const found = [];
  const locked = /^name = "ironflow-browser"\nversion = "([^"]*)"/m.exec(lock)?.[1];
  if (locked !== version) found.push(`Cargo.lock says ${locked}, Cargo.toml ${version}`);
  if (manifest.version !== version) {
    found.push(`package.json says ${manifest.version}, Cargo.toml ${version}`);
  }
  const [, newest, date] = /^## \[([^\]]+)\](?: - (.*))?$/m.exec(changelog) ?? [];
  if (newest !== version)
    found.push(`CHANGELOG.md begins with ${newest}, Cargo.toml says ${version}`);
  else if (!/^\d{4}-\d\d-\d\d$/.test(date ?? "")) {
    found.push(`CHANGELOG.md has no date for ${version}, but "${date ?? ""}"`);
  }
  for (const tag of tags.filter((each) => /^v\d/.test(each))) {
    if (tag !== `v${version}`) found.push(`the tag is ${tag}, Cargo.toml says ${version}`);
  }
  if (repository && !manifest.repository?.url?.includes(`/${repository}`)) {
    found.push(`package.json names no repository, or another than ${repository}`);
  }
  return found;
}
