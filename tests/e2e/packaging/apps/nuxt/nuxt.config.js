export default {
  compatibilityDate: "2026-01-01",
  telemetry: false,
  // Otherwise Vite 7 does not find the WebAssembly of `/slim` in the development server.
  vite: { optimizeDeps: { exclude: ["@ironflow/browser"] } },
  // On Node 20, Nitro copies other files of the package than Node then imports.
  nitro: { externals: { inline: ["@ironflow/browser"] } },
};
