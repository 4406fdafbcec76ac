/**
 * `@ironflow/browser/dev`: a server for development and tests, for Node.
 *
 * @packageDocumentation
 */

/** The options of {@link serve}. */
export interface ServeOptions {
  /** The port on 127.0.0.1. Default 9123; 0 is a free one. */
  port?: number | undefined;
  /** Buckets to create in the environment `default`. */
  buckets?: readonly string[] | undefined;
  /** The folder that keeps the data. Default: none, and the data is gone when the server stops. */
  dataDir?: string | undefined;
  /** The API keys that clients need: `KEY`, or `KEY:read`, which may only read. Default: no key is needed. */
  apiKeys?: readonly string[] | undefined;
  /** A folder whose files are served outside the API. */
  staticDir?: string | undefined;
  /** Origins whose pages may call the server, in addition to loopback origins. */
  allowOrigins?: readonly string[] | undefined;
  /** The versions of the watch that the server speaks. Default `"1,2"`. */
  watchVersions?: "1" | "1,2" | undefined;
}

/** A running server. */
export interface DevServer {
  /** Its URL, such as `http://127.0.0.1:9123`. */
  url: string;
  /** Ends every watch and connection, and the server. */
  stop(): Promise<void>;
}

/**
 * Starts a server that speaks the protocol, watches included, on a store in memory. It
 * accepts requests of loopback hosts and origins only. `npx @ironflow/browser dev` starts it too.
 */
export declare function serve(options?: ServeOptions): Promise<DevServer>;
