import { createComponent } from "solid-js";
import { render } from "solid-js/web";
import { Greeting } from "./greeting.jsx";

export const mount = (element, bucket) =>
  render(() => createComponent(Greeting, { bucket }), element);
