// How the tests show components with Svelte.

import { hydrate as hydrateWith, mount, unmount as remove } from "svelte";
import { writable } from "svelte/store";
import Counter from "./Counter.svelte";
import Entries from "./Entries.svelte";
import Entry from "./Entry.svelte";
import List from "./List.svelte";
import Mistaken from "./Mistaken.svelte";
import Page from "./Page.svelte";
import Together from "./Together.svelte";

const components = { Counter, Entries, Entry, List, Mistaken, Together };
const page = writable({});
let app;

export function show(name, props) {
  page.set({ component: components[name], props });
  app ??= mount(Page, { target: document.getElementById("root"), props: { page } });
}

export function hydrate(name, props) {
  app = hydrateWith(components[name], { target: document.getElementById("root"), props });
}

export function unmount() {
  remove(app);
  app = undefined;
}
