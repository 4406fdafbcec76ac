// Growth, drawn: a panel for each thing that may grow with the number of keys or watchers.

/**
 * @typedef {object} Panel
 * @property {string} title
 * @property {string} unit
 * @property {Record<string, [number, number][]>} lines points of size and microseconds, by subject
 */

const WIDTH = 250;
const HEIGHT = 170;
const COLUMNS = 3;
const MARGIN = { left: 46, right: 28, top: 30, bottom: 32 };

const NAMES = { bare: "bare platform", plain: "plain TypeScript", sdk: "SDK" };

const STYLE = `
text { font: 11px system-ui, sans-serif; fill: #24292f }
.title { font-weight: 600 }
.grid { stroke: #d0d7de; stroke-width: 0.5 }
.bare { stroke: #8c959f; fill: #8c959f }
.plain { stroke: #bf8700; fill: #bf8700 }
.sdk { stroke: #0969da; fill: #0969da }
polyline[class] { stroke-width: 2; fill: none }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 }
  .grid { stroke: #30363d }
  .plain { stroke: #d29922; fill: #d29922 }
  .sdk { stroke: #58a6ff; fill: #58a6ff }
}`;

/** The powers of ten around some values. @param {number[]} values */
function decades(values) {
  const low = Math.floor(Math.log10(Math.min(...values)) + 0.001);
  const high = Math.ceil(Math.log10(Math.max(...values)) - 0.001);
  return { low, high: Math.max(high, low + 1) };
}

/** @param {number} microseconds a power of ten */
function label(microseconds) {
  if (microseconds >= 1e6) return `${microseconds / 1e6} s`;
  if (microseconds >= 1e3) return `${microseconds / 1e3} ms`;
  return `${microseconds} µs`;
}

/** @param {Panel} panel */
function draw({ title, unit, lines }) {
  const points = Object.values(lines).flat();
  const x = decades(points.map(([size]) => size));
  const y = decades(points.map(([, time]) => time));
  const [right, bottom] = [WIDTH - MARGIN.right, HEIGHT - MARGIN.bottom];
  /** @param {number} size */
  const across = (size) => {
    const part = (Math.log10(size) - x.low) / (x.high - x.low);
    return (MARGIN.left + part * (right - MARGIN.left)).toFixed(1);
  };
  /** @param {number} time */
  const down = (time) => {
    const part = (y.high - Math.log10(time)) / (y.high - y.low);
    return (MARGIN.top + part * (bottom - MARGIN.top)).toFixed(1);
  };
  const parts = [`<text class="title" x="${MARGIN.left}" y="18">${title}</text>`];
  for (let power = y.low; power <= y.high; power += 1) {
    const at = down(10 ** power);
    parts.push(
      `<line class="grid" x1="${MARGIN.left}" x2="${right}" y1="${at}" y2="${at}"/>`,
      `<text x="${MARGIN.left - 5}" y="${Number(at) + 4}" text-anchor="end">${label(10 ** power)}</text>`,
    );
  }
  for (let power = x.low; power <= x.high; power += 1) {
    const at = across(10 ** power);
    const size = (10 ** power).toLocaleString("en");
    parts.push(`<text x="${at}" y="${bottom + 14}" text-anchor="middle">${size}</text>`);
  }
  const middle = (MARGIN.left + right) / 2;
  parts.push(`<text x="${middle}" y="${HEIGHT - 5}" text-anchor="middle">${unit}</text>`);
  for (const [subject, found] of Object.entries(lines)) {
    const places = found.map(([size, time]) => [across(size), down(time)]);
    parts.push(`<polyline class="${subject}" points="${places.join(" ")}"/>`);
    for (const [cx, cy] of places) {
      parts.push(`<circle class="${subject}" cx="${cx}" cy="${cy}" r="2.5"/>`);
    }
  }
  return parts.join("\n");
}

/** @param {Panel[]} panels */
export function chart(panels) {
  const rows = Math.ceil(panels.length / COLUMNS);
  const [width, height] = [WIDTH * COLUMNS, HEIGHT * rows + 24];
  const drawn = panels.map((panel, n) => {
    const [across, down] = [(n % COLUMNS) * WIDTH, Math.floor(n / COLUMNS) * HEIGHT + 24];
    return `<g transform="translate(${across} ${down})">\n${draw(panel)}\n</g>`;
  });
  const legend = Object.entries(NAMES).map(([subject, name], n) => {
    const at = MARGIN.left + n * 130;
    return `<circle class="${subject}" cx="${at}" cy="14" r="4"/><text x="${at + 9}" y="18">${name}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    "<title>Time of an operation against the number of keys or watchers</title>",
    `<style>${STYLE}\n</style>`,
    ...legend,
    ...drawn,
    "</svg>\n",
  ].join("\n");
}
