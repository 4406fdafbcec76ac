// The browser snippets of the documentation's page "Key Operations", character for character.

export const writing = `import { ironflow } from "@ironflow/browser";

ironflow.configure({ serverUrl: "http://localhost:9123" });
const bucket = ironflow.kv().bucket("my-bucket");

const { revision } = await bucket.put("user:123", { name: "Alice", role: "admin" });
console.log("Revision:", revision); // 1`;

export const reading = `const entry = await bucket.get("user:123");

console.log(entry.key); // "user:123"
console.log(entry.value); // base64 string of stored bytes (decode + JSON.parse to recover an object)
console.log(entry.revision); // 1
console.log(entry.created_at); // "2026-02-22T10:00:00Z"
console.log(entry.operation); // "put"`;

export const deleting = `await bucket.delete("user:123");
// Key is tombstoned — get() now throws IronflowError with code "HTTP_404"`;

export const purging = `await bucket.purge("user:123");
// Key and all history permanently removed`;

export const creating = `try {
  const { revision } = await bucket.create("config:feature-flags", {
    darkMode: true,
    betaAccess: false,
  });
  console.log("Created at revision:", revision);
} catch (err) {
  // Key already exists (HTTP 412)
  console.error("Key already exists:", err.message);
}`;

export const updating = `// 1. Read the current value
const entry = await bucket.get("user:123");

// 2. Modify locally
const updated = { ...entry.value, role: "superadmin" };

// 3. Write back with the revision guard
try {
  const { revision } = await bucket.update("user:123", updated, entry.revision);
  console.log("Updated to revision:", revision);
} catch (err) {
  // Revision mismatch (HTTP 412) — another client wrote first
  console.error("Conflict — retry with fresh data:", err.message);
}`;

export const listing = `// List all keys
const allKeys = await bucket.listKeys();
console.log(allKeys); // ["user.123", "user.456", "config.feature-flags"]

// Filter with a wildcard pattern (keys must use "." separators for this to match)
const userKeys = await bucket.listKeys("user.*");
console.log(userKeys); // ["user.123", "user.456"]`;

export const watching = `import { ironflow } from "@ironflow/browser";

const bucket = ironflow.kv().bucket("my-bucket");

// Watch all keys matching "user.*"
const watcher = bucket.watch({
  onUpdate: (event) => {
    console.log(\`\${event.key} \${event.operation}: rev \${event.revision}\`);
    console.log("New value:", event.value);
    console.log("Bucket:", event.bucket);
  },
  onError: (err) => console.error(err),
  onClose: () => console.log("Watch ended"),
}, { key: "user.*" });

// Later: stop watching
watcher.stop();`;

/** From the tab "Node": it distinguishes errors by class and message. */
export const handlingByMessage = `import { IronflowError, UnauthenticatedError, UnauthorizedError } from "@ironflow/node";

try {
  await bucket.create("user:123", { name: "Alice" });
} catch (err) {
  if (err instanceof UnauthenticatedError) {
    console.error("Invalid or missing API key");
  } else if (err instanceof UnauthorizedError) {
    console.error("Insufficient permissions for this operation");
  } else if (err instanceof IronflowError) {
    // IronflowError includes the HTTP status in the message
    if (err.message.includes("412")) {
      console.error("Key already exists — use put() to overwrite or update() with a revision");
    } else if (err.message.includes("404")) {
      console.error("Bucket not found — create it first");
    } else {
      console.error("Ironflow error:", err.message);
    }
  } else {
    console.error("Unexpected error:", err);
  }
}`;

export const handlingByCode = `import { IronflowError } from "@ironflow/core";

try {
  await bucket.create("user:123", { name: "Alice" });
} catch (err) {
  if (err instanceof IronflowError) {
    if (err.code === "HTTP_412") {
      console.error("Key already exists — use put() to overwrite or update() with a revision");
    } else if (err.code === "HTTP_404") {
      console.error("Bucket not found — create it first");
    } else {
      console.error("Ironflow error:", err.message, "Code:", err.code);
    }
  } else {
    console.error("Unexpected error:", err);
  }
}`;

/** The table of wildcards: a pattern, keys it matches, keys it does not match. */
export const wildcards = /** @type {const} */ ([
  ["*", ["user", "flag"], ["user.123"]],
  ["user.*", ["user.123", "user.456"], ["user.123.name", "user:123"]],
  [">", ["user", "flag", "user.123", "user.123.name", "user:123"], []],
  ["user.>", ["user.123", "user.123.name", "user.123.name.first"], ["config.flags", "user:123"]],
]);
