import { render as renderWith } from "svelte/server";
import List from "./List.svelte";

export const render = (props) => renderWith(List, { props }).body;
