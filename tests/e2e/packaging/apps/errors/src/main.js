import { isIronflowError, isRetryable, TimeoutError } from "@ironflow/browser";

console.log("started", isIronflowError(new TimeoutError("late")), isRetryable(new Error("lost")));
