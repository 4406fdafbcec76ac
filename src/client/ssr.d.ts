import type { KVStorage, Stored } from "./types.js";

/** An entry as plain data. One member has its stored bytes, and says how its handle decodes values. */
export type KVDehydratedEntry = {
  /** The key. */
  key: string;
  /** The revision of its last write. */
  revision: number;
  /** When it was written, RFC 3339, where that is known. */
  created_at?: string;
} & (
  | {
      /** The stored JSON text, of a handle with `decode: "json"`. */
      json: string;
    }
  | {
      /** The stored text, of a handle with `decode: "text"`. */
      text: string;
    }
  | {
      /** The stored bytes in base64, of a handle with `decode: "bytes"`. */
      bytes: string;
    }
  | {
      /** The stored bytes in base64, of a handle without `decode`. */
      base64: string;
    }
);

/** An entry of `get()`, `find()` or `entries()`, or of a view. */
export interface KVDehydratable extends Stored {
  /** The key. */
  readonly key: string;
  /** The value, decoded as its handle does. */
  readonly value: unknown;
  /** The revision of its last write. */
  readonly revision: number;
  /** When it was written. */
  readonly created_at?: string;
}

/**
 * Makes plain data of entries, on the server: arrays, objects, strings and numbers, for any serializer. Undefined, as
 * {@link BrowserKVBucketHandle.find} returns it, is no entry. Throws a {@link ValidationError} for copies of entries that have lost
 * their methods.
 */
export declare function dehydrate(
  entries: KVDehydratable | readonly KVDehydratable[] | undefined,
): KVDehydratedEntry[];

/**
 * Makes a storage of what {@link dehydrate} returned, for `persist` of a view, hook, composable or store, which then starts with these
 * entries and the status `"stale"`, on the server and in the page, until the page's own watch has delivered all
 * entries. The entries must be those of the view's `key`, read with the same `decode`. The same data gives the same
 * storage; undefined and null give undefined.
 */
export declare function hydrate(data: readonly KVDehydratedEntry[]): KVStorage;
export declare function hydrate(
  data: readonly KVDehydratedEntry[] | undefined | null,
): KVStorage | undefined;
