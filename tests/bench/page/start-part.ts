// From the import of a client to its first answer: in a browser that has never seen it, and in one that
// has, where the files come from the cache and the compiler remembers them. The page has settled by then.

import { send } from "./report.js";
import { trace } from "./start-trace.js";

/** The visits of one browser: the first is cold, the next ones fill its caches, the others are warm. */
const VISITS = 5;
const WARM_FROM = 2;

/** How long a page rests after it was loaded, in milliseconds: a browser that starts does more than load it. */
const SETTLES_WITHIN = 600;
const SETTLES_LATER_WITHIN = 200;

/** To be called at once by the page. */
export async function start() {
  const query = new URLSearchParams(location.search);
  const subject = query.get("subject") ?? "";
  const visit = Number(query.get("visit"));
  const rest = visit === 0 ? SETTLES_WITHIN : SETTLES_LATER_WITHIN;
  await new Promise((settled) => setTimeout(settled, rest));
  const phases = trace();
  const began = performance.now();
  const { get } = await import(`/start/${subject}.js`);
  const imported = performance.now();
  const entry = await get(location.origin);
  const answered = performance.now();
  if (entry.revision !== 7) throw new Error("that is not the entry");
  const before = JSON.parse(sessionStorage.getItem("visits") ?? "[]");
  const all = [...before, { milliseconds: answered - began, ...phases(began, imported, answered) }];
  if (visit + 1 === VISITS) {
    const [cold] = all;
    await send({ cold, warm: all.slice(WARM_FROM).map(({ milliseconds }) => milliseconds) });
    return;
  }
  sessionStorage.setItem("visits", JSON.stringify(all));
  query.set("visit", `${visit + 1}`);
  location.replace(`?${query}`);
}
