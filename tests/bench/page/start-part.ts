// From the import of a client to its first answer: in a browser that has never seen it, and in one that
// has, where the files come from the cache and the compiler remembers them.

import { send } from "./report.js";

/** The visits of one browser: the first is cold, the next ones fill its caches, the others are warm. */
const VISITS = 7;
const WARM_FROM = 3;

/** To be called at once by the page. */
export async function start() {
  const query = new URLSearchParams(location.search);
  const subject = query.get("subject") ?? "";
  const visit = Number(query.get("visit"));
  const began = performance.now();
  const { get } = await import(`/start/${subject}.js`);
  const entry = await get(location.origin);
  const milliseconds = performance.now() - began;
  if (entry.revision !== 7) throw new Error("that is not the entry");
  const before: number[] = JSON.parse(sessionStorage.getItem("milliseconds") ?? "[]");
  const all = [...before, milliseconds];
  if (visit + 1 === VISITS) {
    await send({ cold: all[0], warm: all.slice(WARM_FROM) });
    return;
  }
  sessionStorage.setItem("milliseconds", JSON.stringify(all));
  query.set("visit", `${visit + 1}`);
  location.replace(`?${query}`);
}
