import type { KVReason, Stored } from "./types.js";

/**
 * One change of one key; `operation` says which, and narrows `value`. On a handle with `decode` that is
 * `KVWatchEvent<T>`, of which a delete has the value undefined.
 */
export type KVWatchEvent<Value = string, Deleted = string extends Value ? string : undefined> =
  | KVPutEvent<Value>
  | KVDeleteEvent<Deleted>;

/** What every event has. */
export interface KVEventFields extends Stored {
  /** Always the same. */
  type: "kv_update";
  /** The key. */
  key: string;
  /** The revision of the change. For each key they grow, and each is delivered at most once. */
  revision: number;
  /** The bucket. */
  bucket: string;
  /**
   * Set on what was found by reading, after a connection was lost or replaced. Revisions between may be
   * missing; a delete has the last revision that was known of the key, 0 if none was.
   */
  resynced?: true;
}

/** A key was created or updated. */
export interface KVPutEvent<Value = string> extends KVEventFields {
  /** A write. */
  operation: "put";
  /**
   * What the handle decodes the new bytes to; without `decode` the bytes in base64: see {@link Stored}
   * for other forms.
   */
  value: Value;
}

/** A key was deleted or purged. */
export interface KVDeleteEvent<Value = string> extends KVEventFields {
  /** A delete or a purge. */
  operation: "delete";
  /** Undefined on a handle with `decode`, else empty. */
  value: Value;
  /** Why, where the key was not simply deleted and the server says so. */
  reason?: KVReason;
}

/** What a watch calls back. What a callback throws is logged and harms nothing. */
export interface KVWatchCallbacks<
  Value = string,
  Deleted = string extends Value ? string : undefined,
> {
  /** A matching key changed. */
  onUpdate: (event: KVWatchEvent<Value, Deleted>) => void;
  /**
   * Connected, and the initial entries, if asked for, delivered; called once. The final state of every
   * later change will be delivered.
   */
  onReady?: (() => void) | undefined;
  /** The state of the connection changed. */
  onStateChange?: ((state: KVWatchState) => void) | undefined;
  /**
   * A problem. The watch goes on unless {@link onClose} follows. A value that does not decode is a
   * {@link ValidationError} whose `details` hold its `key` and `revision`.
   */
  onError?: ((error: Error) => void) | undefined;
  /** The watch has ended, once. Nothing is called after it. */
  onClose?: (() => void) | undefined;
}

/** `"disconnected"`: it is over, or pauses while the page is hidden. */
export type KVWatchState = "connecting" | "connected" | "reconnecting" | "disconnected";

/** Options of {@link BrowserKVBucketHandle.watch}. */
export interface KVWatchOptions {
  /** A key, a pattern, or several; an event that more than one matches comes once. Default: all keys. */
  key?: string | readonly string[] | undefined;
  /** Deliver the entries there are first, then the changes, with no gap in between. Default false. */
  initial?: boolean | undefined;
  /** Aborting it stops the watch. */
  signal?: AbortSignal | undefined;
}

/**
 * A running watch. It goes on when nobody holds on to this any more.
 *
 * Iterating over it gives its events, none lost however slow the loop; of a watch with callbacks, those
 * from then on. Leaving the loop stops the watch; what ends the watch is thrown after the last event.
 */
export interface KVWatcher<Value = string, Deleted = string extends Value ? string : undefined>
  extends AsyncIterable<KVWatchEvent<Value, Deleted>>,
    Disposable {
  /** The name of the bucket. */
  readonly bucket: string;
  /** The state of the connection. */
  readonly state: KVWatchState;
  /** As {@link KVWatchCallbacks.onReady}; rejected where the watch ends before that. */
  readonly ready: Promise<void>;
  /** Ends the watch at once. Nothing is delivered afterwards; a second call does nothing. */
  stop(): void;
}
