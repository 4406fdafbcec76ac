// What a hook of an application writes, as the compiler sees it.

import { type BrowserKVBucketHandle, ironflow, type KVViewEntry } from "@ironflow/browser";
import { type UseKV, useKV, useKVEntry } from "@ironflow/browser/react";

interface User {
  name: string;
}

const users = ironflow.kv().bucket<User>("users", { decode: "json" });

export function useList(): string[] {
  const { entries, data, status, error } = useKV(users, ["user.*", "admin"]);
  const first: User | undefined = data.get("admin")?.value;
  const state: "loading" | "stale" | "ready" | "closed" = status;
  console.log(first?.name, state, error?.message, data.size, useKV(users).entries.length);
  return entries.map(({ value }) => value.name);
}

export function useEntry(): string | undefined {
  const { entry, value, status } = useKVEntry(users, "admin");
  const read: KVViewEntry<User> | undefined = entry;
  console.log(read?.revision, status);
  return value?.name;
}

export function useOthers(given: BrowserKVBucketHandle<User>): UseKV<User> {
  const text: string | undefined = useKVEntry(
    ironflow.kv().bucket("texts", { decode: "text" }),
    "key",
  ).value;
  const plain = useKVEntry(ironflow.kv().bucket("b"), "key");
  const parsed = plain.entry?.json<User>();
  console.log(text, parsed?.name);
  return useKV(given);
}

export function useWhatMayBeMissing(id?: string | null): unknown {
  const bucket = id ? ironflow.kv().bucket("b") : undefined;
  return [useKV(bucket).status, useKV(null).entries, useKV(users, null), useKVEntry(users, id)];
}

export function useMistakes(): void {
  // @ts-expect-error not a bucket
  useKV("users");
  // @ts-expect-error no member of User
  useKVEntry(users, "admin").value?.age;
  // @ts-expect-error there may be no entry
  useKVEntry(users, "admin").value.name;
  // @ts-expect-error a value is unknown until it is decoded
  useKVEntry(ironflow.kv().bucket("b"), "key").value?.name;
  // @ts-expect-error a key is missing
  useKVEntry(users);
  // @ts-expect-error read only
  useKV(users).entries.pop();
}
