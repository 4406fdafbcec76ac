// What an application writes, as the compiler sees it: everything here must compile, and what is
// marked must not.

import {
  BrowserKVBucketHandle,
  BrowserKVClient,
  type Bytes,
  createClient,
  DEFAULT_SERVER_URL,
  type ErrorContext,
  IronflowClient,
  type IronflowConfig,
  type IronflowConfigOptions,
  type IronflowError,
  ironflow,
  KV_DELETE,
  type KVBucketInfo,
  type KVEntry,
  type KVView,
  type KVViewSnapshot,
  type KVWatchCallbacks,
  type KVWatchEvent,
  type KVWatcher,
  type KVWatchState,
  type ModifyOptions,
  type RequestOptions,
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
  retry: { maxAttempts: 5, backoff: { initial: 50 } },
  fallback: "memory",
  memory: { buckets: ["a", { name: "b", history: 5 }], autoCreate: true, name: "shared" },
  visibility: { pauseOnHidden: false, reconnectOnVisible: true },
  logger: console,
  onError(error: IronflowError, { operation, bucket, key }: ErrorContext) {
    console.error(operation, bucket ?? "", key ?? "", error.code);
  },
};

export async function page(): Promise<void> {
  ironflow.configure({ serverUrl: "http://localhost:9123" });
  const connecting: Promise<void> = ironflow.connect({ timeout: 1000 });
  await connecting;
  const features: ReadonlySet<string> = ironflow.features;
  console.log(features.has("history"));
  const bucket = ironflow.kv().bucket("my-bucket");
  const bucketName: string = bucket.name;
  console.log(bucketName);
  const { revision } = await bucket.put("user:123", { name: "Alice", role: "admin" });
  const written: number = revision;

  const entry: KVEntry = await bucket.get("user:123");
  const parsed: unknown = JSON.parse(atob(entry.value as string));
  const user = entry.json<User>();
  const name: string = user.name;
  const bytes: Uint8Array = entry.bytes();
  console.log(written, parsed, name, bytes, entry.text(), entry.created_at, entry.operation);

  await bucket.update("user:123", { ...user, role: "superadmin" }, entry.revision);
  await bucket.create("config:feature-flags", new Uint8Array(3), { timeout: 100 });
  await bucket.delete("user:123", { signal: new AbortController().signal });
  await bucket.purge("user:123");
  await bucket.delete("user:123", { revision: entry.revision });
  await bucket.modify("user:123", (current) => (current ? KV_DELETE : undefined));
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

export async function decoded(): Promise<void> {
  const kv = ironflow.kv();
  const users: BrowserKVBucketHandle<User> = kv.bucket<User>("users", { decode: "json" });
  const user: User = (await users.get("user.123")).value;
  const text: string = (await kv.bucket("texts", { decode: "text" }).get("key")).value;
  type Theme = "dark" | "light";
  const theme: Theme = (await kv.bucket<Theme>("themes", { decode: "text" }).get("key")).value;
  const bytes: Bytes = (await kv.bucket("files", { decode: "bytes" }).get("key")).value;
  const { revision } = await users.modify(
    "user.123",
    (current?: KVEntry<User>) => current && { ...current.value, role: "admin" },
    { maxAttempts: 3, timeout: 1000 },
  );
  await users.modify("user.123", async (current) => current?.value);
  await users.modify("user.123", (current) => {
    if (current) return { ...current.value, name: "Bob" };
  });
  await users.put("user.123", { name: "Alice", role: "admin" });
  await kv.bucket("files", { decode: "bytes" }).put("key", new ArrayBuffer(1));
  await countAll(users);
  await countAll(kv.bucket("files", { decode: "bytes" }));
  const mode: "server" | "memory" = ironflow.mode;
  console.log(user.name, text, theme, bytes, revision, mode);
}

/** Takes any handle. */
export async function countAll(bucket: BrowserKVBucketHandle): Promise<number> {
  const entry: KVEntry = await bucket.get("key");
  bucket.watch({ onUpdate: (event) => console.log(atob(event.value)) }).stop();
  for await (const event of bucket.watch({ key: "a" })) console.log(event.value.length);
  return bucket.view().size + entry.revision + (await bucket.listKeys()).length;
}

export async function watched(): Promise<void> {
  const users = ironflow.kv().bucket<User>("users", { decode: "json" });
  const watcher: KVWatcher<User> = users.watch({
    onUpdate(event: KVWatchEvent<User>) {
      // The operation says whether there is a value.
      if (event.operation === "put") {
        const name: string = event.value.name;
        console.log(name);
      } else {
        const nothing: undefined = event.value;
        console.log(nothing);
      }
      const name: string | undefined = event.value?.name;
      console.log(name, event.operation);
    },
  });
  for await (const { value } of watcher) console.log(value?.role);
  const anything: unknown = ironflow.kv().bucket("b", { decode: "json" });
  for await (const { value } of ironflow.kv().bucket("texts", { decode: "text" }).watch()) {
    const text: string | undefined = value;
    console.log(text, anything);
  }
}

export async function views(): Promise<void> {
  const users = ironflow.kv().bucket<User>("users", { decode: "json" });
  using view: KVView<User> = users.view({ key: ["user.*", "admin"] });
  await view.ready;
  const name: string | undefined = view.get("user.1")?.value.name;
  const roles: string[] = view.entries().map(({ value }) => value.role);
  const unsubscribe: () => void = view.subscribe(() => {});
  unsubscribe();
  const snapshot: KVViewSnapshot<User> = view.getSnapshot();
  const [first] = snapshot.entries();
  const { revision } = await users.put("user.1", { name: "Alice", role: "admin" });
  await view.waitFor(revision, { timeout: 1000 });
  const status: "loading" | "stale" | "ready" | "closed" = snapshot.status;
  console.log(name, roles, first?.value.name, status, view.state, view.error?.message);
  // @ts-expect-error read only
  view.get("user.1").value = { name: "Bob", role: "admin" };
  // @ts-expect-error no member of User
  view.get("user.1")?.value.age;
}

export async function iterated(signal: AbortSignal): Promise<void> {
  const plain = ironflow.kv().bucket("b");
  for await (const event of plain.watch()) {
    const base64: string = event.value;
    const resynced: true | undefined = event.resynced;
    console.log(base64, resynced);
    break;
  }
  const files = ironflow.kv().bucket("files", { decode: "bytes" });
  using watcher = files.watch({ key: ["a.*", "b"], initial: true, signal });
  await watcher.ready;
  const state: KVWatchState = watcher.state;
  for await (const { value, operation } of watcher) {
    // The type is accepted where bytes in an ArrayBuffer are, such as by Blob.
    if (value) console.log(new Blob([value]).size, operation, state);
  }
  const callbacks: KVWatchCallbacks = {
    onUpdate: ({ value }) => value,
    onStateChange: console.log,
  };
  const stop: () => void = () => plain.watch(callbacks, { signal }).stop();
  stop();
}

export async function modified(): Promise<number> {
  interface Counter {
    count: number;
  }
  const counters = ironflow.kv().bucket<Counter>("counters", { decode: "json" });
  const limits: ModifyOptions = { maxAttempts: 3, timeout: 1000 };
  const next = (current?: KVEntry<Counter>) => ({ count: (current?.value.count ?? 0) + 1 });
  const { revision } = await counters.modify("key", next, limits);
  await counters.modify("key", () => undefined);
  await ironflow
    .kv()
    .bucket("b")
    .modify("key", (current) => current?.text().toUpperCase());
  return revision;
}

export async function limited(signal: AbortSignal): Promise<void> {
  const options: RequestOptions = { signal, timeout: 100 };
  const kv = ironflow.kv();
  const bucket = kv.bucket("b");
  await kv.createBucket({ name: "b" }, options);
  await kv.listBuckets(options);
  await bucket.put("key", null, options);
  await bucket.update("key", 1, 2, { timeout: 1, signal: undefined });
  await bucket.listKeys(undefined, options);
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
  const users = ironflow.kv().bucket<User>("users", { decode: "json" });
  // @ts-expect-error no member of User
  (await users.get("key")).value.age;
  // @ts-expect-error there may be no entry
  await users.modify("key", (current) => current.value);
  // @ts-expect-error an unknown mode
  ironflow.kv().bucket("b", { decode: "yaml" });
  // @ts-expect-error bytes are not text
  ironflow.kv().bucket<string>("b", { decode: "bytes" });
  // @ts-expect-error read only
  ironflow.mode = "memory";
  // @ts-expect-error onUpdate is missing
  bucket.watch({ onError() {} });
  // @ts-expect-error what is deleted has no value
  users.watch({ onUpdate: ({ value }) => value.name });
  // @ts-expect-error an unknown option
  users.view({ initial: true });
  // @ts-expect-error an unknown option
  await bucket.get("key", { retries: 3 });
  // @ts-expect-error attempts are those of modify
  await bucket.put("key", "value", { maxAttempts: 3 });
  // @ts-expect-error callbacks come first
  bucket.watch({ key: "a" }, { onUpdate() {} });
  // @ts-expect-error a key is text
  for await (const event of bucket.watch({ key: 5 })) console.log(event);
  // @ts-expect-error there may be no value
  for await (const { value } of users.watch()) console.log(value.name);
  // @ts-expect-error an operation gives a promise
  bucket.get("key").value;
  // @ts-expect-error a user has a role
  await users.put("user.1", { name: "Alice" });
  // @ts-expect-error a user is no string
  await users.create("user.1", "Alice");
  // @ts-expect-error what modify writes has the type too
  await users.modify("user.1", () => "Alice");
  // @ts-expect-error a handle of users holds no numbers
  const numbers: BrowserKVBucketHandle<number> = users;
  console.log(numbers);
  // @ts-expect-error a purge is a "delete"
  bucket.watch({ onUpdate: ({ operation }) => operation === "purge" });
  // @ts-expect-error read only
  ironflow.isConfigured = true;
}
