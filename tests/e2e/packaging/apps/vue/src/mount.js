import { createApp } from "vue";
import Greeting from "./greeting.vue";

export const mount = (element, bucket) => createApp(Greeting, { bucket }).mount(element);
