// Which web pages may call the server: those of loopback origins and those that were named. A browser says which page a
// request comes from.

import { Refusal } from "./errors.js";

const HEADERS = [
  "Authorization",
  "Content-Type",
  "If-Match",
  "If-None-Match",
  "X-Ironflow-Environment",
  "Ironflow-Write-Id",
  "Ironflow-TTL",
];

function isLoopback(authority) {
  const [, host] = /^(\[[^\]]*\]|[^:@/]*)(?::\d+)?$/.exec(authority) ?? [];
  return /^(localhost|\[::1\]|127\.\d+\.\d+\.\d+)$/i.test(host ?? "");
}

const authorityOf = (origin) => /^\w+:\/\/([^/]*)$/.exec(origin)?.[1] ?? "";

/** @param {string[]} named */
export function originsOf(named) {
  const known = new Set(named.map((origin) => origin.toLowerCase()));
  const allows = (origin) =>
    known.has(origin.toLowerCase()) || (/^https?:/.test(origin) && isLoopback(authorityOf(origin)));
  return {
    /** Throws if the page may not call the server. */
    check({ headers: { host = "", origin } }) {
      // A page may point a name of its own at 127.0.0.1, and would be same-origin with the server.
      const isKnown = [...known].some((each) => authorityOf(each) === host.toLowerCase());
      if (!isKnown && !isLoopback(host)) throw new Refusal(403, "this host name is not allowed");
      if (origin !== undefined && !allows(origin) && authorityOf(origin) !== host)
        throw new Refusal(403, "this origin is not allowed");
    },
    /** The headers that let a page read the response. */
    headers: ({ headers: { origin } }) => ({
      Vary: "Origin",
      ...(origin !== undefined &&
        allows(origin) && {
          "Access-Control-Allow-Origin": origin,
          "Access-Control-Expose-Headers": "Retry-After, Ironflow-KV-Features",
        }),
    }),
    preflight: {
      "Access-Control-Allow-Methods": "GET, PUT, POST, DELETE",
      "Access-Control-Allow-Headers": HEADERS.join(", "),
      "Access-Control-Max-Age": "600",
    },
  };
}
