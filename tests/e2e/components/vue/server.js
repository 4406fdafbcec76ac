import { createSSRApp } from "vue";
import { renderToString } from "vue/server-renderer";
import List from "./List.vue";

export const render = (props) => renderToString(createSSRApp({ ...List }, props));
