// What the type of a handle says about what it reads and writes: everything here must compile, and what is
// marked must not.

import {
  type BrowserKVBucketHandle,
  type Bytes,
  ironflow,
  type KVChange,
  type KVDeleteEvent,
  type KVEntry,
  type KVInput,
  type KVPutEvent,
  type KVWatchEvent,
} from "@ironflow/browser";

type Theme = "dark" | "light";

interface Flag {
  on: boolean;
  users?: string[];
}

const kv = ironflow.kv();
const plain = kv.bucket("plain");
const flags = kv.bucket<Flag>("flags", { decode: "json" });
const themes = kv.bucket<Theme>("themes", { decode: "json" });
const texts = kv.bucket("texts", { decode: "text" });
const files = kv.bucket("files", { decode: "bytes" });
const anything = kv.bucket("anything", { decode: "json" });

/** Whether two types are the same. */
type Same<A, B> =
  (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;

/** Whether two types are the same, checked. */
function same<A, B>(_same: Same<A, B>): void {}

/** The type of what an entry holds. */
type Read<Handle extends { get(key: string): Promise<{ value: unknown }> }> = Awaited<
  ReturnType<Handle["get"]>
>["value"];

same<Read<typeof flags>, Flag>(true);
same<Read<typeof themes>, Theme>(true);
same<Read<typeof texts>, string>(true);
same<Read<typeof files>, Bytes>(true);
same<Read<typeof plain>, unknown>(true);
same<Read<typeof anything>, unknown>(true);
same<KVInput<Flag>, Flag>(true);
same<KVInput<unknown>, unknown>(true);

export async function written(): Promise<void> {
  // A handle without a type takes every value.
  for (const value of ["text", 1, null, true, [1], { a: 1 }, new Uint8Array(1), new Date()]) {
    await plain.put("key", value);
    await anything.create("key", value);
  }
  await flags.put("a", { on: true });
  await flags.create("a", { on: true, users: ["Alice"] });
  await flags.update("a", { on: false }, 1);
  await flags.modify("a", (current) => ({ ...current?.value, on: true }));
  await themes.put("theme", "dark");
  await themes.modify("theme", (current) => (current?.value === "dark" ? "light" : "dark"));
  await texts.put("key", "text");
  for (const bytes of [new Uint8Array(1), new ArrayBuffer(1), new DataView(new ArrayBuffer(1))]) {
    await files.put("key", bytes);
    await files.update("key", bytes, 1);
  }
  const change: KVChange<Flag> = undefined;
  await flags.modify("a", async () => change);
}

export async function refused(): Promise<void> {
  // @ts-expect-error text where a flag is written
  await flags.put("a", "on");
  // @ts-expect-error a flag without its member
  await flags.create("a", {});
  // @ts-expect-error a member of another type
  await flags.update("a", { on: "yes" }, 1);
  // @ts-expect-error an unknown member
  await flags.put("a", { on: true, off: false });
  // @ts-expect-error a promise where a flag is written: a missing await
  await flags.put("a", Promise.resolve({ on: true }));
  // @ts-expect-error an entry where its value is written
  await flags.put("a", await flags.get("a"));
  // @ts-expect-error undefined is no value
  await flags.put("a", undefined);
  // @ts-expect-error null is no flag
  await flags.modify("a", () => null);
  // @ts-expect-error no theme
  await themes.put("theme", "blue");
  // @ts-expect-error no theme, later
  await themes.modify("theme", async () => "blue");
  // @ts-expect-error a number is no text
  await texts.put("key", 5);
  // @ts-expect-error text is no bytes
  await files.put("key", "text");
  // @ts-expect-error an array of numbers is no bytes
  await files.modify("key", () => [1, 2]);
}

export async function narrowed(): Promise<void> {
  const entry: KVEntry<Flag> = await flags.get("a");
  same<typeof entry.operation, "put">(true);
  for await (const event of flags.watch()) {
    same<typeof event, KVWatchEvent<Flag>>(true);
    switch (event.operation) {
      case "put": {
        const put: KVPutEvent<Flag> = event;
        same<typeof event.value, Flag>(true);
        console.log(put.value.on);
        break;
      }
      case "delete": {
        const deleted: KVDeleteEvent<undefined> = event;
        same<typeof event.value, undefined>(true);
        console.log(deleted.key);
        break;
      }
      default:
        same<typeof event, never>(true);
    }
    // @ts-expect-error of a delete there is no value
    event.value.on;
  }
  for await (const event of plain.watch()) same<typeof event.value, string>(true);
  files.watch({
    onUpdate(event) {
      if (event.operation === "delete") same<typeof event.value, undefined>(true);
      else same<typeof event.value, Bytes>(true);
    },
  });
}

/** Takes every handle. */
async function read(bucket: BrowserKVBucketHandle): Promise<unknown> {
  return (await bucket.get("key")).value;
}

/** Takes the handles of one type, and keeps it. */
async function copy<T>(from: BrowserKVBucketHandle<T>, to: BrowserKVBucketHandle<T>): Promise<T> {
  const { value } = await from.get("key");
  await to.put("key", value as KVInput<T>);
  return value;
}

export async function passed(): Promise<void> {
  for (const bucket of [plain, flags, themes, texts, files, anything]) await read(bucket);
  const flag: Flag = await copy(flags, flags);
  const theme: Theme = await copy(themes, themes);
  // @ts-expect-error a theme is no flag
  await copy<Flag>(flags, themes);
  console.log(flag, theme);
}
