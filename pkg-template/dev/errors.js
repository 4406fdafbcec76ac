// Refusals: what a request is answered with if it is not carried out.

/** The codes of the store's errors, by their words. */
const CODES = {
  "bucket not found": "bucket_not_found",
  "key not found": "key_not_found",
  "key already exists": "key_exists",
  "revision mismatch": "revision_mismatch",
  "bucket already exists with different settings": "bucket_exists",
  "value too large": "value_too_large",
  "bucket is full": "bucket_full",
};

const OF_STATUS = {
  401: "unauthorized",
  403: "forbidden",
  404: "not_found",
  405: "method_not_allowed",
  500: "internal",
};

export class Refusal extends Error {
  constructor(status, message, code = OF_STATUS[status] ?? "invalid_request") {
    super(message);
    this.status = status;
    this.code = code;
  }

  get body() {
    return { error: this.message, code: this.code };
  }
}

/** Converts an error of the client, whose message also names the operation, bucket and key. */
export function refusalOf(error) {
  if (error instanceof Refusal) return error;
  const { status, code, message } = error;
  if (status) {
    const [, words = message] = /: ([^:]*) \(HTTP \d+\)/.exec(message) ?? [];
    return new Refusal(status, words, CODES[words]);
  }
  if (code === "VALIDATION_ERROR") {
    const [words] = /(invalid [a-z ]+:|the [a-z]+ ).*$/is.exec(message) ?? [message];
    return new Refusal(400, words);
  }
  return new Refusal(500, message);
}
