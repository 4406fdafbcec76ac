// What an application writes, as the compiler sees it: everything here must compile, and what is
// marked must not.

import {
  BrowserKVBucketHandle,
  BrowserKVClient,
  ConnectionError,
  createClient,
  DEFAULT_SERVER_URL,
  type ErrorContext,
  IronflowClient,
  type IronflowConfig,
  type IronflowConfigOptions,
  IronflowError,
  ironflow,
  isIronflowError,
  isRetryable,
  type KVBucketInfo,
  type KVEntry,
  type KVWatchEvent,
  NotConfiguredError,
  TimeoutError,
  UnauthenticatedError,
  UnauthorizedError,
  ValidationError,
} from "@ironflow/browser";

interface User {
  name: string;
  role: string;
}

const options: IronflowConfigOptions = {
  serverUrl: DEFAULT_SERVER_URL,
  transport: "connectrpc",
  environment: "default",
  timeout: 5000,
  auth: { token: async () => "token" },
  reconnect: {
    enabled: true,
    maxAttempts: -1,
    backoff: { initial: 100, max: 1000, multiplier: 2 },
  },
  visibility: { pauseOnHidden: false, reconnectOnVisible: true },
  logger: console,
  onError(error: IronflowError, { operation, bucket, key }: ErrorContext) {
    console.error(operation, bucket ?? "", key ?? "", error.code);
  },
};

export async function page(): Promise<void> {
  ironflow.configure({ serverUrl: "http://localhost:9123" });
  const bucket = ironflow.kv().bucket("my-bucket");
  const { revision } = await bucket.put("user:123", { name: "Alice", role: "admin" });
  const written: number = revision;

  const entry: KVEntry = await bucket.get("user:123");
  const parsed: unknown = JSON.parse(atob(entry.value as string));
  const user = entry.json<User>();
  const name: string = user.name;
  const bytes: Uint8Array<ArrayBuffer> = entry.bytes();
  console.log(written, parsed, name, bytes, entry.text(), entry.created_at, entry.operation);

  await bucket.update("user:123", { ...user, role: "superadmin" }, entry.revision);
  await bucket.create("config:feature-flags", new Uint8Array(3), { timeout: 100 });
  await bucket.delete("user:123", { signal: new AbortController().signal });
  await bucket.purge("user:123");
  const keys: string[] = await bucket.listKeys("user.*");
  console.log(keys);

  const watcher = bucket.watch(
    {
      onReady: () => {},
      onUpdate: (event: KVWatchEvent) => {
        const operation: "put" | "delete" = event.operation;
        console.log(event.type, operation, event.value.length, event.json<User>().role);
      },
      onError: (error: Error) => console.error(error),
      onClose: () => {},
    },
    { key: "user.*" },
  );
  watcher.stop();
}

export async function clients(): Promise<void> {
  const client: IronflowClient = createClient(options);
  const config: IronflowConfig = client.getConfig();
  const attempts: number = config.reconnect.maxAttempts;
  client.setAuth({ apiKey: "key" });
  client.setAuth();
  const unsubscribe: () => void = client.onError(() => {});
  unsubscribe();
  const kv = new BrowserKVClient({ transport: "memory" });
  const info: KVBucketInfo = await kv.createBucket({ name: "b", history: 5, ttlSeconds: 60 });
  const ttl: number | undefined = info.ttl_seconds;
  const handle = new BrowserKVBucketHandle("b", { transport: "memory", logger: false });
  console.log(attempts, ttl, await handle.listKeys(), new IronflowClient().isConfigured);
}

export function failures(error: unknown): string | undefined {
  if (error instanceof TimeoutError) return `${error.timeoutMs} ms`;
  if (isIronflowError(error)) {
    const status: number | undefined = error.status;
    return `${error.code} ${status} ${error.retryAfter} ${error.details} ${error.cause}`;
  }
  const known = [ConnectionError, NotConfiguredError, UnauthenticatedError, UnauthorizedError];
  if (known.some((type) => error instanceof type) || isRetryable(error)) return "known";
  throw new ValidationError("unknown", { cause: error });
}

export async function mistakes(): Promise<void> {
  const bucket = ironflow.kv().bucket("b");
  // @ts-expect-error an unknown option
  ironflow.configure({ serverURL: "http://localhost:9123" });
  // @ts-expect-error a misspelt transport
  createClient({ transport: "memroy" });
  // @ts-expect-error a value is missing
  await bucket.put("key");
  // @ts-expect-error a revision is missing
  await bucket.update("key", "value");
  // @ts-expect-error a value is unknown until it is decoded
  (await bucket.get("key")).value.name;
  // @ts-expect-error onUpdate is missing
  bucket.watch({});
  // @ts-expect-error a purge is a "delete"
  bucket.watch({ onUpdate: ({ operation }) => operation === "purge" });
  // @ts-expect-error read only
  ironflow.isConfigured = true;
  throw new IronflowError("with a code", { code: "MINE", retryable: true });
}
