import { h, render } from "preact";
import { Greeting } from "./greeting.jsx";

export const mount = (element, bucket) => render(h(Greeting, { bucket }), element);
