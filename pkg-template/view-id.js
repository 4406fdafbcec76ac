/** What a storage keeps of a view is known by: all that its entries depend on. */
export function viewId({ bucket, patterns, mode }, { serverUrl, environment, transport }) {
  return JSON.stringify([serverUrl, environment, transport, bucket, patterns, mode]);
}
