// Has the background run the entry, and leaves the outcome in the page.

const { searchParams } = new URL(location.href);
document.documentElement.dataset.outcome = await chrome.runtime.sendMessage(
  Object.fromEntries(searchParams),
);
