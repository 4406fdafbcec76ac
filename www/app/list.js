import { element } from "./dom.js";

/**
 * @typedef {object} Row
 * @property {string} name
 * @property {(Node | string)[]} content  what the row's button shows
 * @property {Node} [beside]              an element beside the button
 */

/**
 * A list to choose from. It is one tab stop, and the arrow keys move within it. Showing it again keeps the
 * focus.
 *
 * @param {HTMLElement} list
 * @param {(name: string) => void} choose
 */
export function choiceList(list, choose) {
  /** @type {HTMLButtonElement[]} */
  let buttons = [];
  /** @type {string | undefined} */
  let chosen;

  const named = (/** @type {string | undefined} */ name) =>
    buttons.find((button) => button.dataset.item === name);

  /** @param {HTMLButtonElement | undefined} stop */
  function stopAt(stop) {
    for (const button of buttons) button.tabIndex = button === stop ? 0 : -1;
  }

  function mark() {
    for (const button of buttons) button.removeAttribute("aria-current");
    named(chosen)?.setAttribute("aria-current", "true");
  }

  function hasFocus() {
    const focused = document.activeElement;
    return focused instanceof HTMLButtonElement ? buttons.indexOf(focused) : -1;
  }

  list.addEventListener("keydown", (event) => {
    const at = hasFocus();
    if (at < 0) return;
    const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key];
    const next = to === undefined ? undefined : buttons[to];
    if (!next) return;
    event.preventDefault();
    stopAt(next);
    next.focus();
  });

  return {
    /** @param {Row[]} rows */
    show(rows) {
      const focused = buttons[hasFocus()]?.dataset.item;
      buttons = [];
      list.replaceChildren(
        ...rows.map(({ name, content, beside }) => {
          const attributes = { type: "button", class: "item", "data-item": name };
          const button = element("button", attributes, ...content);
          button.addEventListener("click", () => choose(name));
          buttons.push(button);
          return element("li", {}, button, ...(beside ? [beside] : []));
        }),
      );
      mark();
      stopAt(named(focused) ?? named(chosen) ?? buttons[0]);
      named(focused)?.focus();
    },

    /** @param {string | undefined} name */
    choose(name) {
      chosen = name;
      mark();
    },
  };
}
