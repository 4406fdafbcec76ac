// Where the time of a start goes: when the platform is called between the import and the first answer.

/** What a start's time is spent on, in order. */
export const PHASES = [
  "import",
  "run",
  "decode",
  "compile",
  "instantiate",
  "use",
  "request",
] as const;
export type Phases = Record<(typeof PHASES)[number], number>;

/** From and to, in milliseconds. */
type Span = [number, number];

/** Notes the calls of a constructor. */
function noted<C extends new (...given: never[]) => object>(called: C, spans: Span[]): C {
  return new Proxy(called, {
    construct(target, given) {
      const start = performance.now();
      const made = Reflect.construct(target, given);
      spans.push([start, performance.now()]);
      return made;
    },
  });
}

/** Notes the calls from now on; the function gives the phases between three points in time. */
export function trace() {
  const modules: Span[] = [];
  const instances: Span[] = [];
  let fetched = 0;
  WebAssembly.Module = noted(WebAssembly.Module, modules);
  WebAssembly.Instance = noted(WebAssembly.Instance, instances);
  const { fetch } = globalThis;
  globalThis.fetch = (...given) => {
    fetched = performance.now();
    return fetch(...given);
  };
  return (began: number, imported: number, answered: number): Phases => {
    // The last module is the client's; one before it decodes its bytes.
    const none: Span = [imported, imported];
    const [first = none] = modules;
    const compiled = modules.at(-1) ?? none;
    const instantiated = instances.at(-1) ?? compiled;
    return {
      import: imported - began,
      run: first[0] - imported,
      decode: compiled[0] - first[0],
      compile: compiled[1] - compiled[0],
      instantiate: instantiated[1] - compiled[1],
      use: fetched - instantiated[1],
      request: answered - fetched,
    };
  };
}
