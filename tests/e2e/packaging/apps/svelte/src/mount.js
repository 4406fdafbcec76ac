import { mount as mountComponent } from "svelte";
import Greeting from "./Greeting.svelte";

export const mount = (target, bucket) => mountComponent(Greeting, { target, props: { bucket } });
