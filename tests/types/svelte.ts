// What a component for Svelte writes, as the compiler sees it.

import { ironflow } from "@ironflow/browser";
import { type KVList, type KVStore, kvEntryStore, kvStore } from "@ironflow/browser/svelte";

interface User {
  name: string;
}

/** As in svelte/store. */
interface Readable<V> {
  subscribe(
    this: void,
    run: (value: V) => void,
    invalidate?: (value?: V) => void,
  ): { unsubscribe(): void } | (() => void);
}

const users = ironflow.kv().bucket<User>("users", { decode: "json" });

export const list: KVStore<KVList<User>> = kvStore(users, ["user.*", "admin"]);
export const readable: Readable<KVList<User>> = list;

export const stop: () => void = list.subscribe(({ entries, data, status, error }) => {
  const names: string[] = entries.map(({ value }) => value.name);
  const state: "loading" | "stale" | "ready" | "closed" = status;
  const first: User | undefined = data.get("admin")?.value;
  console.log(names, state, first?.name, error?.message);
});

kvEntryStore(users, "admin").subscribe(({ entry, value }) => {
  const name: string | undefined = value?.name;
  console.log(name, entry?.revision);
});

kvStore(users).mutate("admin", (entry) => entry?.value);
kvEntryStore(users, "admin").mutate((entry) => entry?.value, { timeout: 100 });
// @ts-expect-error: a user has a name.
kvEntryStore(users, "admin").mutate(() => ({}));

kvStore(undefined);
// @ts-expect-error: a bucket is no name.
kvStore("users");
// @ts-expect-error: a key is a string.
kvEntryStore(users, 5);
