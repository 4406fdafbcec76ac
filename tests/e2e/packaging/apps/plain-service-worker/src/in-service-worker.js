/** Has a service worker do what there is to do. */
export async function inServiceWorker(address, server) {
  const registration = await navigator.serviceWorker.register(address, { type: "module" });
  const { port1, port2 } = new MessageChannel();
  const outcome = new Promise((resolve) => {
    port1.onmessage = ({ data }) => resolve(data);
  });
  const worker = registration.installing ?? registration.waiting ?? registration.active;
  worker.postMessage({ server, port: port2 }, [port2]);
  return outcome;
}
