import type { KVOutboxStorage } from "./types.js";

/** A stored entry. */
export interface KVStoredRecord {
  /** The key. */
  key: string;
  /** The revision of its last write. */
  revision: number;
  /** When it was written, RFC 3339, where that is known. */
  created_at?: string;
  /** The stored bytes. */
  bytes: Uint8Array;
}

/** What is stored of a view as a whole. */
export interface KVStoredMeta {
  /** The version of the form of records: another version of the package may use another one. */
  version: number;
  /** When the view was last known to be complete, in epoch milliseconds. */
  freshAsOf: number;
  /** Identifies the bucket, which may be deleted and created again; missing if it is not known. */
  epoch?: string;
  /** The revision up to which the entries are complete; missing if it is not known. */
  revision?: number;
}

/** Changes of a view that belong together. */
export interface KVStorageBatch {
  /** Entries to write. */
  put: KVStoredRecord[];
  /** Keys to remove. */
  remove: string[];
  /** Replaces the view's meta. */
  meta: KVStoredMeta;
  /** Whether the view must have been stored before: if it is not stored any more, it was cleared. */
  known: boolean;
  /** Whether it must survive a crash of the machine. */
  durable?: boolean;
}

/**
 * Where {@link createStorage} keeps views. Each method rejects if the store fails: the view is then not persisted, and a
 * warning is logged. `scope` and `view` are any strings.
 */
export interface KVStorageBackend {
  /** All that is stored of a view; undefined if it is not stored. */
  read(
    scope: string,
    view: string,
  ): Promise<{ meta: KVStoredMeta; records: KVStoredRecord[] } | undefined>;
  /**
   * Writes a batch in one transaction: all of it or nothing. Writes nothing and gives false if the batch is `known`
   * and the view is not stored; else true.
   */
  write(scope: string, view: string, batch: KVStorageBatch): Promise<boolean>;
  /** Removes a view; without `view` all views of the scope. */
  clear(scope: string, view?: string): Promise<void>;
}

/** Options of {@link indexedDBStorage}. */
export interface KVStorageOptions {
  /** The name of the storage: `indexedDBStorage` keeps it in the database `ironflow:<name>`. */
  name: string;
  /**
   * Whose data it is, such as the id of the signed-in user. What is stored for one scope is never shown in a view of
   * another.
   */
  scope: string;
}

/**
 * A storage in IndexedDB, for `view({ persist })` and `createClient({ outbox })`. Nothing is opened before the first use. If IndexedDB is missing,
 * blocked, full or corrupt, the view works without it and a warning is logged.
 */
export declare function indexedDBStorage(options: KVStorageOptions): KVOutboxStorage;

/** A storage in a place of your own. */
export declare function createStorage(
  options: KVStorageOptions & { backend: KVStorageBackend },
): KVOutboxStorage;
