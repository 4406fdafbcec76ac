/**
 * What a page has open: sockets and timers are counted from here on, and the memory of every WebAssembly
 * instance is found.
 *
 * @typedef {object} Instruments
 * @property {number} sockets that are not closed
 * @property {number} opened sockets, ever
 * @property {number} timers that wait
 * @property {number} wasmBytes of memory
 */

/** To be run in the page before anything else. Leaves `instruments` in its global scope. */
export function instrument() {
  const sockets = new Set();
  const timers = new Set();
  /** @type {WebAssembly.Memory[]} */
  const memories = [];
  let opened = 0;

  globalThis.WebSocket = new Proxy(WebSocket, {
    construct(target, args) {
      const socket = Reflect.construct(target, args);
      opened += 1;
      sockets.add(socket);
      socket.addEventListener("close", () => sockets.delete(socket));
      return socket;
    },
  });

  globalThis.setTimeout = new Proxy(setTimeout, {
    apply(target, self, [act, ...rest]) {
      const run = (/** @type {unknown[]} */ ...values) => {
        timers.delete(id);
        act(...values);
      };
      const id = Reflect.apply(target, self, [run, ...rest]);
      timers.add(id);
      return id;
    },
  });
  globalThis.setInterval = new Proxy(setInterval, {
    apply(target, self, args) {
      const id = Reflect.apply(target, self, args);
      timers.add(id);
      return id;
    },
  });
  const clear = {
    /** @param {any} target @param {unknown} self @param {[number]} args */
    apply(target, self, args) {
      timers.delete(args[0]);
      Reflect.apply(target, self, args);
    },
  };
  globalThis.clearTimeout = new Proxy(clearTimeout, clear);
  globalThis.clearInterval = new Proxy(clearInterval, clear);

  WebAssembly.Instance = new Proxy(WebAssembly.Instance, {
    construct(target, args) {
      const instance = Reflect.construct(target, args);
      for (const value of Object.values(instance.exports)) {
        if (value instanceof WebAssembly.Memory) memories.push(value);
      }
      return instance;
    },
  });

  /** @type {Instruments} */
  const instruments = {
    get sockets() {
      return sockets.size;
    },
    get opened() {
      return opened;
    },
    get timers() {
      return timers.size;
    },
    get wasmBytes() {
      return memories.reduce((sum, { buffer }) => sum + buffer.byteLength, 0);
    },
  };
  Object.assign(globalThis, { instruments });
}
