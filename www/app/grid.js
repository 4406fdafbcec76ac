import { button, coalesce, element } from "./dom.js";

/**
 * A virtual table: only the visible rows have elements, so ten thousand rows cost no more than ten. ARIA
 * attributes state the number of rows and the index of each. The table is one tab stop; in it the arrow keys, Page
 * Up and Down, Home and End move, and Enter opens a row.
 *
 * @typedef {object} Column
 * @property {string} title
 * @property {string} look     a CSS class
 * @property {() => void} [sort]  called when its header is clicked
 *
 * @typedef {object} Row
 * @property {HTMLDivElement} line
 * @property {HTMLDivElement[]} cells
 * @property {number} index
 * @property {number} height
 */

/** The number of rows drawn above and below the visible ones. */
const MARGIN = 6;

/**
 * @param {HTMLElement} grid  the scrollable element that becomes the table
 * @param {object} parts
 * @param {string} parts.label
 * @param {readonly Column[]} parts.columns
 * @param {(name: string, cells: HTMLDivElement[], line: HTMLDivElement) => void} parts.fill
 * @param {(name: string) => void} parts.open
 * @param {(names: string[]) => void} parts.seen  called with the visible rows after they change
 */
export function virtualGrid(grid, { label, columns, fill, open, seen }) {
  const heads = columns.map(({ title, look, sort }) => {
    const content = sort ? button(title, sort, "head") : title;
    return element("div", { role: "columnheader", class: look }, content);
  });
  const top = element("div", { role: "row", class: "line", "aria-rowindex": "1" }, ...heads);
  const body = element("div", { role: "rowgroup", class: "rows" });
  const attributes = { role: "grid", tabindex: "0", "aria-label": label };
  for (const [name, value] of Object.entries(attributes)) grid.setAttribute(name, value);
  grid.append(element("div", { role: "rowgroup", class: "heads" }, top), body);

  /** @type {readonly string[]} */
  let names = [];
  /** @type {Row[]} */
  const rows = [];
  /** The row that the keyboard acts on. */
  let active = 0;
  /** @type {string | undefined} */
  let chosen;
  let scheduled = false;

  const rowHeight = () => Number.parseFloat(getComputedStyle(grid).getPropertyValue("--row")) || 36;

  /** The first visible row, and the one after the last. */
  function onScreen() {
    const height = rowHeight();
    const first = Math.floor(grid.scrollTop / height);
    const last = Math.ceil((grid.scrollTop + grid.clientHeight) / height);
    return { first: Math.max(0, first), last: Math.min(names.length, last), height };
  }

  /** @returns {Row} */
  function newRow() {
    const line = element("div", { role: "row", class: "line" });
    const cells = columns.map(({ look }) => element("div", { role: "gridcell", class: look }));
    line.append(...cells);
    line.id = `row-${rows.length}`;
    body.append(line);
    return { line, cells, index: -1, height: 0 };
  }

  function draw() {
    const { first, last, height } = onScreen();
    const from = Math.max(0, first - MARGIN);
    const to = Math.min(names.length, last + MARGIN);
    body.style.height = `${names.length * height}px`;
    while (rows.length < to - from) rows.push(newRow());
    for (const row of rows.splice(to - from)) row.line.remove();
    // A row keeps its element while it is visible: the element depends only on the index.
    for (let index = from; index < to; index += 1) {
      const row = rows[index % rows.length];
      const name = names[index];
      if (!row || name === undefined) continue;
      if (row.index !== index || row.height !== height) {
        row.index = index;
        row.height = height;
        row.line.style.transform = `translateY(${index * height}px)`;
        row.line.setAttribute("aria-rowindex", String(index + 2));
      }
      row.line.setAttribute("aria-selected", String(name === chosen));
      row.line.classList.toggle("active", index === active);
      fill(name, row.cells, row.line);
    }
    const current = rows.find(({ index }) => index === active);
    if (current) grid.setAttribute("aria-activedescendant", current.line.id);
    else grid.removeAttribute("aria-activedescendant");
    reportSeen();
  }

  const reportSeen = coalesce(150, () => {
    const { first, last } = onScreen();
    seen(names.slice(first, last));
  });

  function redraw() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  }

  /** @param {number} index */
  function moveTo(index) {
    active = Math.min(Math.max(0, index), names.length - 1);
    const height = rowHeight();
    const above = active * height;
    const below = above + height - uncovered();
    grid.scrollTop = Math.max(Math.min(grid.scrollTop, above), below);
    draw();
  }

  /** The height of the grid without its sticky header. */
  const uncovered = () => grid.clientHeight - body.offsetTop;

  grid.addEventListener("scroll", redraw);
  new ResizeObserver(redraw).observe(grid);
  grid.addEventListener("keydown", (event) => {
    if (event.target !== grid || names.length === 0) return;
    const page = Math.max(1, Math.floor(uncovered() / rowHeight()) - 1);
    const to = {
      ArrowDown: active + 1,
      ArrowUp: active - 1,
      PageDown: active + page,
      PageUp: active - page,
      Home: 0,
      End: names.length - 1,
    }[event.key];
    const name = names[active];
    if (to !== undefined) moveTo(to);
    else if (event.key === "Enter" && name !== undefined) open(name);
    else return;
    event.preventDefault();
  });
  body.addEventListener("click", (event) => {
    const line = event.target instanceof Element && event.target.closest(".line");
    const row = rows.find((candidate) => candidate.line === line);
    const name = row && names[row.index];
    if (!row || name === undefined) return;
    active = row.index;
    open(name);
    draw();
  });

  return {
    /** Shows these rows, in this order. @param {readonly string[]} next */
    show(next) {
      const at = names[active];
      if (next !== names) {
        names = next;
        grid.setAttribute("aria-rowcount", String(names.length + 1));
        // The active row stays active if it still exists.
        if (at !== undefined && names[active] !== at) {
          const moved = names.indexOf(at);
          if (moved >= 0) active = moved;
        }
        active = Math.min(active, Math.max(0, names.length - 1));
      }
      draw();
    },

    /** Fills the visible rows again. */
    redraw,

    /** @param {string | undefined} name */
    choose(name) {
      chosen = name;
      redraw();
    },

    /** @param {number} column @param {"ascending" | "descending"} direction */
    sortedBy(column, direction) {
      for (const [i, head] of heads.entries()) {
        if (columns[i]?.sort) head.setAttribute("aria-sort", i === column ? direction : "none");
      }
    },

    toTop() {
      active = 0;
      grid.scrollTop = 0;
    },
  };
}
