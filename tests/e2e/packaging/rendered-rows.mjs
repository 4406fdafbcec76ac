// The frameworks that render on the server and in the page.

/** @typedef {import("./rows.mjs").Row} Row */

/** The package finds its WebAssembly without an address. */
export const itself = "`init()`";

/** The app passes the address of the WebAssembly. */
export const withAddress = "`init(address)`";

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

const next = rendered(
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

const svelteKit = rendered(
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

/** Of packages that need a newer Node than the tests: their apps run on one of their own. */
const node22 = { node: "22.23.3" };

/** @param {string} version @param {Partial<Pick<Row, "rare" | "tools">>} more */
const reactRouter = (version, { tools, rare }) =>
  rendered(
    {
      name: `React Router ${version}`,
      tools: {
        "react-router": version,
        "@react-router/dev": version,
        "@react-router/node": version,
        "@react-router/serve": version,
        isbot: "5.2.3",
        react: "19.3.1",
        "react-dom": "19.3.1",
        vite: "8.3.8",
        ...tools,
      },
      layers: ["react-router"],
      ...(rare && { rare }),
    },
    (app) => app.serve("react-router", "dev", "--strictPort", ...host),
    async (app) => {
      await app.finish("react-router", "build");
      const address = ["HOST=127.0.0.1", "PORT=PORT"];
      return app.serve("env", ...address, "react-router-serve", "build/server/index.js");
    },
  );

const tanStackStart = rendered(
  {
    name: "TanStack Start 1.169.5",
    tools: {
      "@tanstack/react-start": "1.169.5",
      "@tanstack/react-router": "1.170.46",
      "@vitejs/plugin-react": "6.3.0",
      react: "19.3.1",
      "react-dom": "19.3.1",
      vite: "8.3.8",
      ...node22,
    },
    layers: ["tanstack-start"],
    rare: true,
  },
  viteDev,
  viteBuild,
);

const astro = rendered(
  {
    name: "Astro 7.3.5",
    tools: {
      astro: "7.3.5",
      "@astrojs/node": "11.1.6",
      "@astrojs/react": "7.0.0",
      react: "19.3.1",
      "react-dom": "19.3.1",
      ...node22,
    },
    layers: ["astro"],
    rare: true,
  },
  (app) => app.serve("astro", "dev", ...host),
  async (app) => {
    await app.finish("astro", "build");
    const address = ["HOST=127.0.0.1", "PORT=PORT"];
    return app.serve("env", ...address, "node", "dist/server/entry.mjs");
  },
);

const nuxt = rendered(
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

export const renderedRows = [
  ...next,
  ...reactRouter("7.18.4", {}),
  ...reactRouter("8.4.0", { tools: node22, rare: true }),
  ...svelteKit,
  ...nuxt,
  ...tanStackStart,
  ...astro,
];
