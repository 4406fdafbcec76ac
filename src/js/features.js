// The features of a server beyond the basic protocol (`docs/protocol.md`, Features of HTTP): the header
// `Ironflow-KV-Features` of its responses, and `features` of a bucket that has fewer.

class Features {
  /** The names that the server announces. */
  names = new Set();
  #header;
  #buckets = new Map();

  /** Learns from a response; `header` is undefined or null if it has none. */
  learn(header, isFromServer) {
    // An error or a page without the header may come from a proxy.
    if ((header ?? undefined) === undefined && !isFromServer) return;
    const text = String(header ?? "");
    if (text === this.#header) return;
    this.#header = text;
    this.names = new Set(text.split(/[\s,]+/).filter(Boolean));
  }

  /** Learns from the info of a bucket. */
  learnBucket({ name, features }) {
    this.#buckets.set(name, features);
  }

  /** Whether a bucket has a feature; undefined before the server's first response. */
  has(feature, bucket) {
    if (this.#header === undefined) return undefined;
    const features = this.#buckets.get(bucket);
    return this.names.has(feature) && !(Array.isArray(features) && !features.includes(feature));
  }
}

/** The known features of a server: none, unless its header is given. */
export function newFeatures(header) {
  const features = new Features();
  if (header !== undefined) features.learn(header, true);
  return features;
}
