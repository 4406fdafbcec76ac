// Runs in the page, and leaves the outcome there.

import(chrome.runtime.getURL("src/exercise.js"))
  .then(({ exercise }) => exercise(Ironflow, new URL(location.href).searchParams.get("server")))
  .catch(String)
  .then((outcome) => {
    document.documentElement.dataset.outcome = outcome;
  });
