// Sends a request through the current global `fetch` and reads the whole response.

/** The connection was lost during the response, or the response is invalid. */
export class Interrupted {
  constructor(cause) {
    this.cause = cause;
  }
}

/** There is no `fetch`. */
export class NoFetch {}

/** Seconds from a Retry-After header, which holds seconds or a date. */
function retryAfter(headers) {
  const header = headers?.get?.("Retry-After");
  if (/^\s*\d{1,15}\s*$/.test(header)) return Number(header);
  const date = Date.parse(header);
  if (Number.isNaN(date)) return undefined;
  // Use the server's clock if the response has a Date header.
  const now = Date.parse(headers.get("Date")) || Date.now();
  return Math.max(0, (date - now) / 1000);
}

/** Members of RequestInit that some runtimes refuse. None of them is needed. */
const OPTIONAL = ["cache", "redirect", "signal", "keepalive"];

/** The members that this runtime refuses. */
const refused = new Set();

/** The member that `fetch` refuses according to its error, or undefined. */
function refusedMember(error, url, options) {
  if (error?.name !== "TypeError" && error?.name !== "Error") return undefined;
  // The URL may contain a bucket or key of that name.
  const message = String(error.message).replaceAll(url, "");
  return OPTIONAL.find(
    (member) => member in options && new RegExp(`\\b${member}\\b`, "i").test(message),
  );
}

async function request(url, options) {
  if (typeof globalThis.fetch !== "function") throw new NoFetch();
  for (const member of refused) delete options[member];
  try {
    return await globalThis.fetch(url, options);
  } catch (error) {
    const member = refusedMember(error, url, options);
    if (!member) throw error;
    refused.add(member);
    return request(url, options);
  }
}

/**
 * Gives the status, the text, the seconds that the server asks to wait, `page`: the content type of an HTML
 * page, `announces`: whether the server announces features, and `features`, which learn from it. A redirect that was
 * not followed, or was though it must not be, has a status from 300 to 399, or 0.
 */
export async function send(url, options, features) {
  const response = await request(url, options);
  try {
    const { status, type, redirected, headers } = response;
    if (type === "opaqueredirect" || redirected === true) return { status: 0, text: "" };
    if (!Number.isInteger(status)) throw new TypeError("the answer has no status");
    const text = String(await response.text());
    const answer = { status, text, features };
    if (status >= 300) answer.retryAfter = retryAfter(headers);
    const contentType = headers?.get?.("Content-Type");
    if (/^\s*text\/html\b/i.test(contentType)) answer.page = contentType;
    const announced = headers?.get?.("Ironflow-KV-Features");
    answer.announces = typeof announced === "string";
    features.learn(announced, status < 300 && !answer.page);
    return answer;
  } catch (cause) {
    throw new Interrupted(cause);
  }
}
