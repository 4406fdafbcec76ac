/** Has a shared worker do what there is to do. */
export function inSharedWorker(worker, server) {
  return new Promise((resolve, reject) => {
    worker.port.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
    worker.port.postMessage(server);
  });
}
