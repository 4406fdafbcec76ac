/** Whether a string is valid Unicode, without a lone surrogate. */
export function isWellFormed(text) {
  return text.isWellFormed?.() ?? !/\p{Surrogate}/u.test(text);
}
