import { run as runDefault } from "./src/default.js";
import { OUTCOME } from "./src/exercise.js";
import { run as runSlim } from "./src/slim.js";

test.each([
  ["default", runDefault],
  ["slim", runSlim],
])("%s", async (_, run) => {
  expect(await run(process.env.SERVER)).toBe(OUTCOME);
});
