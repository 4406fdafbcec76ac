// What a component for Vue writes, as the compiler sees it.

import {
  type BrowserKVBucketHandle,
  ironflow,
  KV_DELETE,
  type KVViewEntry,
} from "@ironflow/browser";
import { type UseKV, useKV, useKVEntry } from "@ironflow/browser/vue";
import { computed, ref, shallowRef } from "vue";

interface User {
  name: string;
}

const users = ironflow.kv().bucket<User>("users", { decode: "json" });

export function useList(): string[] {
  const filter = ref(["user.*", "admin"]);
  const { entries, data, status, error, mutate } = useKV(users, filter);
  mutate("admin", (entry) => ({ name: `${entry?.value.name}` }));
  // @ts-expect-error: a user has a name.
  mutate("admin", () => ({}));
  const first: User | undefined = data.value.get("admin")?.value;
  const state: "loading" | "stale" | "ready" | "closed" = status.value;
  console.log(first?.name, state, error.value?.message, useKV(users).entries.value.length);
  // @ts-expect-error: the entries are computed.
  entries.value = [];
  return entries.value.map(({ value }) => value.name);
}

export function useSingle(props: { name?: string }): string | undefined {
  const { entry, value, mutate } = useKVEntry(users, () => props.name);
  mutate(() => KV_DELETE).then(({ revision }) => console.log(revision));
  const read: KVViewEntry<User> | undefined = entry.value;
  return `${value.value?.name} ${read?.revision}`;
}

export function useLater(): UseKV<User> {
  const handle = shallowRef<BrowserKVBucketHandle<User>>();
  // @ts-expect-error: a bucket is no name.
  useKV("users");
  // @ts-expect-error: a key is a string.
  useKVEntry(users, 5);
  useKV(
    computed(() => users),
    null,
  );
  return useKV(handle);
}
