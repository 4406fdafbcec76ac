// How the tests show components with Vue.

import { createApp, createSSRApp, h, shallowRef } from "vue";
import Counter from "./Counter.vue";
import Entries from "./Entries.vue";
import Entry from "./Entry.vue";
import List from "./List.vue";
import Mistaken from "./Mistaken.vue";
import Together from "./Together.vue";

const components = { Counter, Entries, Entry, List, Mistaken, Together };
const page = shallowRef({});
const Page = {
  render() {
    const { name, props } = page.value;
    return components[name] ? h(components[name], props) : undefined;
  },
};

let app;

export function show(name, props, create = createApp) {
  page.value = { name, props };
  if (app) return;
  app = create(Page);
  app.mount("#root");
}

export const hydrate = (name, props) => show(name, props, createSSRApp);

export function unmount() {
  app.unmount();
  app = undefined;
}
