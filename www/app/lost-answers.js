// The plug replaces `fetch` first.
import "./plug.js";

/**
 * Simulates a network that loses answers: the server carries a write out, and the page gets an error in the place of
 * the answer. A write with an id loses its first answer, one without an id every answer.
 */

const { fetch } = globalThis;

/** The ids of the writes whose first answer is lost already. @type {Set<string>} */
const ids = new Set();
let losing = false;
let lost = 0;

export const isLosing = () => losing;

/** How many answers have been lost. */
export const lostAnswers = () => lost;

/** @param {boolean} next */
export function loseAnswers(next) {
  losing = next;
}

/** @param {Request} request */
function losesAnswer({ method, headers }) {
  const id = headers.get("Ironflow-Write-Id");
  if (!losing || (id === null && method !== "PUT")) return false;
  if (id !== null && ids.has(id)) return false;
  if (id !== null) ids.add(id);
  lost += 1;
  return true;
}

globalThis.fetch = async (input, init) => {
  const request = new Request(input, init);
  const response = await fetch(request);
  if (losesAnswer(request)) throw new TypeError("Failed to fetch");
  return response;
};
