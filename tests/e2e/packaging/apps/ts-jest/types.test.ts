import { createClient, type KVEntry } from "@ironflow/browser";

declare const test: (name: string, run: () => Promise<void>) => void;
declare const expect: (value: unknown) => { toBe(expected: unknown): void };

test("default and slim have the types of the package", async () => {
  const client = createClient({ transport: "memory", memory: { buckets: ["users"] } });
  const users = client.kv().bucket<{ name: string }>("users", { decode: "json" });
  await users.put("user.1", { name: "Alice" });
  const entry: KVEntry<{ name: string }> = await users.get("user.1");
  // @ts-expect-error: the value has no age.
  expect(entry.value.age).toBe(undefined);
  expect(entry.value.name).toBe("Alice");
});
