import type { KVReason, Stored } from "./types.js";

/**
 * A change of a key; `operation` narrows `value`. On a handle with `decode` the type is `KVWatchEvent<T>`, and the
 * value of a delete is undefined.
 */
export type KVWatchEvent<Value = string, Deleted = string extends Value ? string : undefined> =
  | KVPutEvent<Value>
  | KVDeleteEvent<Deleted>;

/** The fields of every event. */
export interface KVEventFields extends Stored {
  /** Always `"kv_update"`. */
  type: "kv_update";
  /** The key. */
  key: string;
  /** The revision of the change. For each key, revisions increase, and each is delivered at most once. */
  revision: number;
  /** The bucket. */
  bucket: string;
  /**
   * When the change happened, RFC 3339, where it is known: on version 1 of the watch protocol only for what was read
   * (`initial`, and puts after a reconnect), not for live changes.
   */
  created_at?: string;
  /**
   * Set on events of a resync, after a connection was lost or replaced. Intermediate revisions may be
   * missing; a delete has the last known revision of the key, 0 if none was known.
   */
  resynced?: true;
}

/** A key was created or updated. */
export interface KVPutEvent<Value = string> extends KVEventFields {
  /** A write. */
  operation: "put";
  /**
   * The decoded value; without `decode` the stored bytes in base64: see {@link Stored}
   * for other forms.
   */
  value: Value;
  /** When it expires, RFC 3339, if it does and the server reports it. */
  expires_at?: string;
}

/** A key was deleted or purged. */
export interface KVDeleteEvent<Value = string> extends KVEventFields {
  /** A delete or a purge. */
  operation: "delete";
  /** Undefined on a handle with `decode`, else empty. */
  value: Value;
  /** Why the key has no value, if it was not deleted and the server says so. */
  reason?: KVReason;
}

/** The callbacks of a watch. An error thrown by a callback is logged. */
export interface KVWatchCallbacks<
  Value = string,
  Deleted = string extends Value ? string : undefined,
> {
  /** A matching key changed. */
  onUpdate: (event: KVWatchEvent<Value, Deleted>) => void;
  /**
   * The watch is connected and has delivered the initial entries, if requested; called once. From now on the final
   * state of every changed key is delivered.
   */
  onReady?: (() => void) | undefined;
  /** The state of the connection changed. */
  onStateChange?: ((state: KVWatchState) => void) | undefined;
  /**
   * An error. The watch continues unless {@link onClose} follows. A value that does not decode is a
   * {@link ValidationError} whose `details` contain its `key` and `revision`.
   */
  onError?: ((error: Error) => void) | undefined;
  /** The watch has ended; called once, and last. */
  onClose?: (() => void) | undefined;
}

/** The state of a connection. `"disconnected"`: the watch has ended, or pauses while the page is hidden. */
export type KVWatchState = "connecting" | "connected" | "reconnecting" | "disconnected";

/** Options of {@link BrowserKVBucketHandle.watch}. */
export interface KVWatchOptions {
  /** A key, a pattern, or several; an event that matches several is delivered once. Default: all keys. */
  key?: string | readonly string[] | undefined;
  /** Deliver the current entries first, then the changes, without a gap. Default false. */
  initial?: boolean | undefined;
  /** Aborting it stops the watch. */
  signal?: AbortSignal | undefined;
  /**
   * How old `freshAsOf` may become, in milliseconds, from 1000 on, while the server can be reached. A connection that
   * is silent is probed in time: on version 2 by a `ping`; on version 1 by a listing of the keys and reads of the newest
   * ones, and the connection is replaced if it does not bring what changed. Default: no limit.
   */
  maxStaleness?: number | undefined;
}

/**
 * A running watch. It continues even if this object is no longer referenced.
 *
 * Iterating over it yields its events, which are buffered for a slow loop; for a watch with callbacks, the events
 * from then on. Leaving the loop stops the watch. An error that ends the watch is thrown after the last event.
 */
export interface KVWatcher<Value = string, Deleted = string extends Value ? string : undefined>
  extends AsyncIterable<KVWatchEvent<Value, Deleted>>,
    Disposable {
  /** The name of the bucket. */
  readonly bucket: string;
  /** The state of the connection. */
  readonly state: KVWatchState;
  /**
   * When the watch was last known to be complete, in milliseconds since 1970: nothing that had happened was missing.
   * While it is connected, each frame of its bucket moves it, and on version 2 of the watch protocol also each `tick` that
   * names the bucket. Undefined before it was complete.
   */
  readonly freshAsOf: number | undefined;
  /** Resolves when {@link KVWatchCallbacks.onReady} is called; rejects if the watch ends before that. */
  readonly ready: Promise<void>;
  /** Ends the watch immediately. Nothing is delivered afterwards; a second call does nothing. */
  stop(): void;
}
