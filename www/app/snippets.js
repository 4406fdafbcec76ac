import { currentPlace, filter, openBucket } from "./session.js";
import { toBase64 } from "./values.js";

/**
 * Complete programs that do what the page just did. They never contain a credential.
 *
 * @typedef {import("./code.js").Snippet} Snippet
 * @typedef {import("./values.js").Format} Format
 */

const quoted = (/** @type {unknown} */ text) => JSON.stringify(text);

/** The options of the page's client, as JavaScript. */
function options() {
  const { transport, serverUrl, environment, auth } = currentPlace()?.options ?? {};
  const parts = [];
  if (transport) parts.push(`transport: ${quoted(transport)}`);
  if (serverUrl) parts.push(`serverUrl: ${quoted(serverUrl)}`);
  if (environment) parts.push(`environment: ${quoted(environment)}`);
  if (auth?.apiKey) parts.push("auth: { apiKey: YOUR_API_KEY }");
  const line = `{ ${parts.join(", ")} }`;
  return line.length < 20 ? line : `{\n  ${parts.join(",\n  ")},\n}`;
}

/** @param {string} title @param {string} code */
const onClient = (title, code) => ({
  title,
  code: `import { createClient } from "@ironflow/browser";

const client = createClient(${options()});
${code}`,
});

/** @param {string} title @param {string} code */
const onBucket = (title, code) =>
  onClient(title, `const bucket = client.kv().bucket(${quoted(openBucket())});\n\n${code}`);

export const connectSnippet = () =>
  onClient("Connect", `\nconst buckets = await client.kv().listBuckets();\nconsole.log(buckets);`);

/** @param {import("@ironflow/browser").KVBucketConfig} config */
export const createBucketSnippet = (config) =>
  onClient("Create a bucket", `\nawait client.kv().createBucket(${literal(config)});`);

/** @param {string} name */
export const deleteBucketSnippet = (name) =>
  onClient("Delete a bucket", `\nawait client.kv().deleteBucket(${quoted(name)});`);

/** @param {string} key */
export const counterSnippet = (key) =>
  onBucket(
    "Count",
    `const add = (entry) => (entry?.json() ?? 0) + 1;
const view = bucket.view({ key: ${quoted(key)} });
await view.ready;
const saved = view.mutate(${quoted(key)}, add);
console.log(view.get(${quoted(key)}).json(), "not saved yet");
console.log((await saved).revision);`,
  );

export const viewSnippet = () =>
  onBucket(
    "Follow the keys",
    `const view = bucket.view(${filter() ? `{ key: ${quoted(filter())} }` : ""});
view.subscribe(() => {
  for (const entry of view.entries()) {
    console.log(entry.key, entry.revision);
  }
});
await view.ready;`,
  );

export const watchSnippet = () =>
  onBucket(
    "Watch for changes",
    `bucket.watch({
  onUpdate({ key, revision, resynced }) {
    const how = resynced ? "resynced" : "live";
    console.log(key, revision, how);
  },
  onStateChange: (state) => console.log(state),
  onError: (error) => console.warn(error.message),
}${filter() ? `, { key: ${quoted(filter())} }` : ""});`,
  );

/** @param {string} key */
export const getSnippet = (key) =>
  onBucket(
    "Get a key",
    `const entry = await bucket.get(${quoted(key)});
// Or entry.json(), or entry.bytes().
console.log(entry.revision, entry.text());`,
  );

/**
 * @param {"put" | "create" | "update"} operation
 * @param {string} key
 * @param {unknown} value
 * @param {number} [revision]
 * @param {{ ttl: number }} [options]
 */
export function writeSnippet(operation, key, value, revision, options) {
  const titles = { put: "Put a key", create: "Create a key", update: "Compare and swap" };
  const args = [quoted(key), literal(value)];
  if (revision !== undefined) args.push(String(revision));
  if (options) args.push(literal(options));
  const call = `const { revision } = await bucket.${operation}(${args.join(", ")});
console.log(revision);`;
  if (operation === "put") return onBucket(titles[operation], call);
  const words =
    operation === "create" ? "the key already exists" : "another client wrote in between";
  return onBucket(
    titles[operation],
    `try {
${call.replace(/^/gm, "  ")}
} catch (error) {
  if (error.code !== "HTTP_412") throw error;
  console.log("${words}");
}`,
  );
}

/** @param {"delete" | "purge"} operation @param {string} key */
export const removeSnippet = (operation, key) =>
  onBucket(
    operation === "delete" ? "Delete a key" : "Purge a key",
    `await bucket.${operation}(${quoted(key)});`,
  );

/** @param {string} key */
export const historySnippet = (key) =>
  onBucket(
    "Read the history",
    `for (const entry of await bucket.history(${quoted(key)})) {
  console.log(entry.revision, entry.operation);
}`,
  );

/** @param {string} key @param {number} revision @param {number} last */
export const putBackSnippet = (key, revision, last) =>
  onBucket(
    "Put a revision back",
    `const key = ${quoted(key)};
const old = await bucket.get(key, { revision: ${revision} });
try {
  await bucket.update(key, old.bytes(), ${last});
} catch (error) {
  if (error.code !== "HTTP_412") throw error;
  console.log("another client wrote in between");
}`,
  );

/** @param {string} key @param {string} field @param {string} value */
export const duelSnippet = (key, field, value) =>
  onBucket(
    "Change one field",
    `// Reads, changes and writes the value;
// retries if another client wrote in between.
await bucket.modify(${quoted(key)}, (current) => ({
  ...current?.json(),
  ${field}: ${quoted(value)},
}));`,
  );

/** A value as JavaScript. @param {unknown} value @param {string} [indent] @returns {string} */
function literal(value, indent = "") {
  if (value instanceof Uint8Array) {
    const base64 = quoted(toBase64(value));
    return `Uint8Array.from(atob(${base64}), (c) => c.charCodeAt(0))`;
  }
  if (typeof value !== "object" || value === null) return quoted(value) ?? "undefined";
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  const parts = list
    ? value.map((item) => literal(item, inner))
    : Object.entries(value).map(([name, item]) => `${property(name)}: ${literal(item, inner)}`);
  if (parts.length === 0) return list ? "[]" : "{}";
  const line = list ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
  if (line.length <= 32 && !line.includes("\n")) return line;
  const lines = `\n${inner}${parts.join(`,\n${inner}`)},\n${indent}`;
  return list ? `[${lines}]` : `{${lines}}`;
}

/** @param {string} name */
function property(name) {
  // As a plain property, this one would set the prototype.
  if (name === "__proto__") return `[${quoted(name)}]`;
  return /^[A-Za-z_]\w*$/.test(name) ? name : quoted(name);
}
