// The error exports of every entry. Importing only these loads nothing else.

export {
  ConnectionError,
  IronflowError,
  isIronflowError,
  isRetryable,
  NotConfiguredError,
  TimeoutError,
  UnauthenticatedError,
  UnauthorizedError,
  ValidationError,
} from "ironflow:errors";
