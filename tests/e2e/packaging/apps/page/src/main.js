// Runs the entry that the address names, and leaves what came of it in the page.

const { searchParams } = new URL(location.href);
const entry = searchParams.get("entry") === "slim" ? import("./slim.js") : import("./default.js");

entry
  .then(({ run }) => run(searchParams.get("server")))
  .catch((error) => String(error?.stack ?? error))
  .then((outcome) => {
    document.documentElement.dataset.outcome = outcome;
  });
