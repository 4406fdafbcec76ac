// What every entry has of the errors. Who imports these alone gets nothing else.

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
