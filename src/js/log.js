// Logs for the application, also the exceptions of its own functions.

/** Logs to the application's logger, or warnings and errors to the console; `false` logs nothing. */
export function log(logger, level, message, ...detail) {
  if (logger === false) return;
  try {
    if (logger) logger[level]?.(message, ...detail);
    else if (level === "warn" || level === "error")
      console[level](`[ironflow] ${message}`, ...detail);
  } catch {
    // The error of a logger cannot be logged.
  }
}

/** Calls a function of the application and logs its exception or rejection. */
export function guarded(logger, what, call) {
  const failed = (error) => log(logger, "error", `${what} failed`, error);
  try {
    call()?.then?.(undefined, failed);
  } catch (error) {
    failed(error);
  }
}
