// Entries from a server as an application with types passes them.

import { createClient, type KVStorage } from "@ironflow/browser";
import { dehydrate, hydrate, type KVDehydratedEntry } from "@ironflow/browser/ssr";

const todos = createClient().kv().bucket<{ title: string }>("todos", { decode: "json" });

export async function load(): Promise<KVDehydratedEntry[]> {
  const view = todos.view();
  const one = dehydrate(await todos.get("todo.1"));
  return [
    ...one,
    ...dehydrate(await todos.find("todo.2")),
    ...dehydrate(await todos.entries()),
    ...dehydrate(view.entries()),
  ];
}

export function page(data: KVDehydratedEntry[], failed: KVDehydratedEntry[] | undefined): void {
  const storage: KVStorage = hydrate(data);
  todos.view({ key: "todo.*", persist: storage });
  todos.view({ persist: hydrate(failed) });
}

export function mistakes(): void {
  // @ts-expect-error a copy without methods
  dehydrate([{ key: "a", value: "", revision: 1 }]);
  // @ts-expect-error no entries
  hydrate("text");
}
