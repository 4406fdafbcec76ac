// Compiles and minifies the bundle: node minify.js TARGET

import { readFileSync, writeFileSync } from "node:fs";
import { minify, transform } from "@swc/core";

const target = process.argv[2];
const file = "dist/main.js";
const options = { jsc: { target }, module: { type: "es6" } };
const { code } = await transform(readFileSync(file, "utf8"), options);
const minified = await minify(code, { compress: { passes: 3 }, mangle: true, module: true });
writeFileSync(file, minified.code);
