// What an application makes of errors, as the compiler sees it.

import {
  ConnectionError,
  IronflowError,
  type IronflowErrorCode,
  ironflow,
  isIronflowError,
  isRetryable,
  NotConfiguredError,
  TimeoutError,
  UnauthenticatedError,
  UnauthorizedError,
  ValidationError,
} from "@ironflow/browser";

export function byClass(error: unknown): string {
  if (error instanceof TimeoutError) {
    const limit: number | undefined = error.timeoutMs;
    return `${limit} ms`;
  }
  if (error instanceof UnauthenticatedError || error instanceof UnauthorizedError) {
    const name: "UnauthenticatedError" | "UnauthorizedError" = error.name;
    return name;
  }
  if (error instanceof NotConfiguredError || error instanceof ValidationError) return error.message;
  return isRetryable(error) ? "later" : "never";
}

/** The classes are distinct types: excluding some of them leaves IronflowError. */
export function byElimination(error: IronflowError): string {
  if (error instanceof ConnectionError) return `${error.retryable}`;
  if (error instanceof TimeoutError) return `${error.timeoutMs}`;
  return `${error.code} ${error.status}`;
}

export function byCode(error: unknown): string | undefined {
  if (!isIronflowError(error)) return undefined;
  const { status, retryAfter, details, cause }: IronflowError = error;
  const code: IronflowErrorCode | (string & {}) = error.code;
  switch (code) {
    case "HTTP_404":
    case "VALIDATION_ERROR":
    case "AN_APPLICATIONS_OWN":
      return `${status} ${retryAfter} ${details} ${cause}`;
    default:
      return code;
  }
}

export async function inPromises(): Promise<unknown> {
  const bucket = ironflow.kv().bucket("b");
  ironflow.onError((error, { operation }) => console.error(operation, error.code, error.status));
  return bucket.get("key").catch((error: unknown) => {
    if (isIronflowError(error) && error.status === 404) return undefined;
    throw error;
  });
}

export class OutOfStock extends IronflowError {
  constructor(readonly item: string) {
    super(`no ${item}`, { code: "OUT_OF_STOCK", retryable: true, details: { item } });
  }
}

export function mistakes(error: IronflowError, unknown: unknown): void {
  // @ts-expect-error of another class
  const timeout: TimeoutError = error;
  // @ts-expect-error only a TimeoutError has it
  error.timeoutMs;
  // @ts-expect-error nothing is known of it
  unknown.code;
  // @ts-expect-error no such code
  const code: IronflowErrorCode = "NOT_FOUND";
  // @ts-expect-error a status is a number
  throw new IronflowError("no", { status: "404", cause: [timeout, code] });
}
