export default {
  source: { entry: { index: "./src/main.js" } },
  html: { template: "./index.html" },
  server: { host: "127.0.0.1", printUrls: false },
};
