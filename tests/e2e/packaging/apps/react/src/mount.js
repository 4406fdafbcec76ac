import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { Greeting } from "./greeting.jsx";

export const mount = (element, bucket) =>
  createRoot(element).render(createElement(Greeting, { bucket }));
