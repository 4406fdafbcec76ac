// The frameworks that render on the server and in the page.

/** @typedef {import("./rows.mjs").Row} Row */

/** The package finds its WebAssembly without an address. */
export const itself = "`init()`";

export const host = ["--host", "127.0.0.1", "--port", "PORT"];

/** @param {import("./app.mjs").App} app */
export const viteDev = (app) => app.serve("vite", "--strictPort", ...host);

/** @param {import("./app.mjs").App} app */
export async function viteBuild(app) {
  await app.finish("vite", "build");
  return app.serve("vite", "preview", "--strictPort", ...host);
}

/** An app of a framework that renders on the server. @param {Pick<Row, "name" | "tools" | "layers" | "rare">} row @param {Row["site"]} dev @param {Row["site"]} build @returns {Row[]} */
function rendered({ name, tools, layers, rare }, dev, build) {
  /** @param {string} mode @param {Row["site"]} site @returns {Row} */
  const row = (mode, site) => ({
    name: `${name}, on the server and in the page`,
    mode,
    ...(rare && { rare }),
    tools,
    layers: ["page", "ssr", ...layers],
    slim: itself,
    browser: "Chromium",
    site,
  });
  return [row("dev server", dev), row("build", build)];
}

export const next = rendered(
  {
    name: "Next 16.4.6",
    tools: { next: "16.4.6", react: "19.3.1", "react-dom": "19.3.1" },
    layers: ["next"],
  },
  (app) => app.serve("next", "dev", "--hostname", "127.0.0.1", "--port", "PORT"),
  async (app) => {
    await app.finish("next", "build");
    return app.serve("next", "start", "--hostname", "127.0.0.1", "--port", "PORT");
  },
);

export const svelteKit = rendered(
  {
    name: "SvelteKit 2.70.4",
    tools: {
      "@sveltejs/kit": "2.70.4",
      "@sveltejs/vite-plugin-svelte": "7.3.1",
      svelte: "5.57.3",
      vite: "8.3.8",
    },
    layers: ["svelte-kit"],
  },
  viteDev,
  viteBuild,
);

export const reactRouter = rendered(
  {
    name: "React Router 7.18.4",
    tools: {
      "react-router": "7.18.4",
      "@react-router/dev": "7.18.4",
      "@react-router/node": "7.18.4",
      "@react-router/serve": "7.18.4",
      isbot: "5.2.3",
      react: "19.3.1",
      "react-dom": "19.3.1",
      vite: "8.3.8",
    },
    layers: ["react-router"],
  },
  (app) => app.serve("react-router", "dev", "--strictPort", ...host),
  async (app) => {
    await app.finish("react-router", "build");
    return app.serve(
      "env",
      "HOST=127.0.0.1",
      "PORT=PORT",
      "react-router-serve",
      "build/server/index.js",
    );
  },
);

export const nuxt = rendered(
  {
    name: "Nuxt 4.4.5",
    tools: { nuxt: "4.4.5", vue: "3.5.45" },
    layers: ["nuxt"],
    rare: true,
  },
  (app) => app.serve("nuxt", "dev", ...host),
  async (app) => {
    await app.finish("nuxt", "build");
    const address = ["HOST=127.0.0.1", "NITRO_PORT=PORT"];
    return app.serve("env", ...address, "node", ".output/server/index.mjs");
  },
);
