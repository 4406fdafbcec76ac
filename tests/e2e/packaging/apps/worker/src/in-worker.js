/** Has a worker do what there is to do. */
export function inWorker(worker, server) {
  return new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.postMessage(server);
  });
}
