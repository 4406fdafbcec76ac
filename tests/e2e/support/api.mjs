import assert from "node:assert/strict";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { packageDir } from "./paths.mjs";

/** The package, as it was built. @type {typeof import("@ironflow/browser")} */
export const api = await import(pathToFileURL(join(packageDir, "index.js")).href);

/**
 * @typedef {import("@ironflow/browser").BrowserKVClient} KV
 * @typedef {import("@ironflow/browser").RequestOptions} RequestOptions
 */

/** One call of every operation. @type {Record<string, (kv: KV, options?: RequestOptions) => Promise<unknown>>} */
export const operations = {
  createBucket: (kv, options) => kv.createBucket({ name: "b" }, options),
  deleteBucket: (kv, options) => kv.deleteBucket("b", options),
  listBuckets: (kv, options) => kv.listBuckets(options),
  getBucketInfo: (kv, options) => kv.getBucketInfo("b", options),
  get: (kv, options) => kv.bucket("b").get("key", options),
  put: (kv, options) => kv.bucket("b").put("key", "1", options),
  create: (kv, options) => kv.bucket("b").create("key", "1", options),
  update: (kv, options) => kv.bucket("b").update("key", "1", 1, options),
  modify: (kv, options) => kv.bucket("b").modify("key", () => "1", options),
  delete: (kv, options) => kv.bucket("b").delete("key", options),
  purge: (kv, options) => kv.bucket("b").purge("key", options),
  listKeys: (kv, options) => kv.bucket("b").listKeys(undefined, options),
};

/** Those of them whose answer says something. */
export const readers = Object.keys(operations).filter((name) => !/^(delete|purge)/.test(name));

/** The error with which a promise is rejected. @param {Promise<unknown>} promise @returns {Promise<any>} */
export async function failure(promise) {
  let value;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  assert.fail(`it gave ${JSON.stringify(value)}`);
}
