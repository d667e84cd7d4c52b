// The loss over a map: between the points of its grid, its levels as lines and bands (figures/field.py does the same).

import { niceStep } from "./axes.js";

const CELL = 4; // px between the places at which a field is drawn
const EDGES = [[], ["L", "T"], ["T", "R"], ["L", "R"], ["R", "B"], null, ["T", "B"], ["L", "B"], ["B", "L"], ["B", "T"], null, ["B", "R"], ["R", "L"], ["R", "T"], ["T", "L"], []];
const SADDLES = { 5: [["L", "T", "R", "B"], ["L", "B", "R", "T"]], 10: [["T", "R", "B", "L"], ["T", "L", "B", "R"]] }; // apart, and joined in the middle

// The field at places all over the box of a view, and one place beyond it on each side.
export function sampled(field, { box, xOf, yOf }) {
  const across = Math.ceil(box.width / CELL) + 3, up = Math.ceil(box.height / CELL) + 3;
  const left = box.left - CELL, top = box.top - CELL;
  const { values, extent: [xlo, xhi, ylo, yhi] } = field, [rows, columns] = values.shape;
  const xs = Array.from({ length: across }, (_, i) => taps((xOf(left + i * CELL) - xlo) / (xhi - xlo), columns));
  const ys = Array.from({ length: up }, (_, j) => taps((yOf(top + j * CELL) - ylo) / (yhi - ylo), rows));
  const out = new Float64Array(across * up), row = new Float64Array(columns);
  let low = Infinity, high = -Infinity;
  ys.forEach((y, j) => {
    row.fill(0);
    for (const [r, weight] of y) for (let c = 0; c < columns; c++) row[c] += weight * values[r * columns + c];
    xs.forEach((x, i) => {
      let sum = 0;
      for (const [c, weight] of x) sum += weight * row[c];
      out[j * across + i] = sum;
      if (i > 0 && j > 0 && i < across - 1 && j < up - 1) { low = Math.min(low, sum); high = Math.max(high, sum); }
    });
  });
  return { values: out, across, up, left, top, low, high };
}

function taps(part, count) { // [point of the grid, weight] of all that count at a place: cubic convolution
  const place = Math.max(0, Math.min(1, part)) * (count - 1), first = Math.max(0, Math.min(count - 2, Math.floor(place))), t = place - first;
  const weights = [((2 - t) * t - 1) * t, (3 * t - 5) * t * t + 2, ((4 - 3 * t) * t + 1) * t, (t - 1) * t * t];
  const out = new Map(), add = (at, weight) => out.set(at, (out.get(at) || 0) + weight / 2);
  weights.forEach((weight, k) => { // beyond its ends the grid goes on as a parabola
    const at = first - 1 + k;
    if (at < 0) [3, -3, 1].forEach((m, i) => add(i, m * weight));
    else if (at >= count) [1, -3, 3].forEach((m, i) => add(count - 3 + i, m * weight));
    else add(at, weight);
  });
  return [...out];
}

// The levels that are drawn as lines: the ladder as far as it is seen, and steps between where it has too few rungs here.
export function linesOf(field, { low, high }) {
  const { levels } = field, out = new Set(levels.filter((v) => v > low && v < high));
  if (levels[0] > 0) {
    const finest = Math.max(low, 2e-6 * largest(field));
    for (let e = Math.floor(Math.log10(finest)); 10 ** e < high; e++) for (const v of [Number(`1e${e}`), Number(`3e${e}`)]) if (v > finest && v < high) out.add(v);
  }
  if (out.size < 5) {
    const step = niceStep((high - low) / 8);
    for (let k = Math.floor(low / step) + 1; k * step < high; k++) out.add(Number((k * step).toPrecision(12)));
  }
  return [...out].sort((a, b) => a - b);
}

const LARGEST = new WeakMap();
function largest({ values }) {
  if (!LARGEST.has(values)) LARGEST.set(values, values.reduce((a, b) => Math.max(a, Math.abs(b)), 0));
  return LARGEST.get(values);
}

// The band of a loss: 0 below the lowest level, and one more above each.
export function bandOf(field, loss) {
  const band = field.levels.findIndex((level) => loss <= level);
  return band < 0 ? field.levels.length : band;
}

// The colour of a band, of a ramp that goes from the lowest to the highest loss.
export function bandColour(ramp, field, band) {
  const place = (band / Math.max(1, field.levels.length)) * (ramp.length - 1), k = Math.min(ramp.length - 2, Math.floor(place)), part = place - k;
  if (part < 1e-9) return ramp[k];
  const parts = [1, 3, 5].map((i) => { const [a, b] = [ramp[k], ramp[k + 1]].map((c) => parseInt(c.slice(i, i + 2), 16)); return Math.round(a + (b - a) * part); });
  return "#" + parts.map((v) => v.toString(16).padStart(2, "0")).join("");
}

// Where the field is below a level, as closed loops of places [x0, y0, x1, y1, ...]. Beyond the drawn places all is above it.
export function loopsOf({ values, across, up, left, top }, level) {
  const wide = across + 2, next = new Int32Array(2 * wide * (up + 2)).fill(-1), starts = [];
  const value = (i, j) => (i < 0 || j < 0 || i >= across || j >= up ? Infinity : values[j * across + i]);
  const below = (i, j) => value(i, j) <= level;
  for (let j = -1; j < up; j++) {
    let a = below(-1, j), d = below(-1, j + 1);
    for (let i = -1; i < across; i++) {
      const b = below(i + 1, j), c = below(i + 1, j + 1), kind = a | (b << 1) | (c << 2) | (d << 3);
      a = b;
      d = c;
      if (kind === 0 || kind === 15) continue;
      const corner = (j + 1) * wide + i + 1, edge = { T: 2 * corner, L: 2 * corner + 1, R: 2 * corner + 3, B: 2 * (corner + wide) };
      let ways = EDGES[kind];
      if (!ways) ways = SADDLES[kind][value(i, j) + value(i + 1, j) + value(i + 1, j + 1) + value(i, j + 1) <= 4 * level ? 1 : 0];
      for (let k = 0; k < ways.length; k += 2) { next[edge[ways[k]]] = edge[ways[k + 1]]; starts.push(edge[ways[k]]); }
    }
  }
  const loops = [];
  for (const start of starts) {
    if (next[start] < 0) continue;
    const loop = [];
    for (let at = start; next[at] >= 0; ) {
      const corner = at >> 1, i = (corner % wide) - 1, j = Math.floor(corner / wide) - 1, down = at & 1;
      const from = value(i, j), to = down ? value(i, j + 1) : value(i + 1, j);
      const t = from === Infinity ? 1 : to === Infinity ? 0 : (level - from) / (to - from);
      loop.push(left + (i + (down ? 0 : t)) * CELL, top + (j + (down ? t : 0)) * CELL);
      const on = next[at];
      next[at] = -1;
      at = on;
    }
    loops.push(loop);
  }
  return loops;
}

export function pathOf(loops) {
  const path = new Path2D();
  for (const loop of loops) {
    for (let i = 0; i < loop.length; i += 2) if (i) path.lineTo(loop[i], loop[i + 1]); else path.moveTo(loop[0], loop[1]);
    path.closePath();
  }
  return path;
}

// A loop that is smaller than this, both ways, is a speck and no line.
export function isSpeck(loop, size = 14) {
  let [x0, y0, x1, y1] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < loop.length; i += 2) { x0 = Math.min(x0, loop[i]); x1 = Math.max(x1, loop[i]); y0 = Math.min(y0, loop[i + 1]); y1 = Math.max(y1, loop[i + 1]); }
  return x1 - x0 < size && y1 - y0 < size;
}

// The sampled field at a place of the picture.
export function valueAt({ values, across, up, left, top }, x, y) {
  const u = Math.max(0, Math.min(across - 1.001, (x - left) / CELL)), v = Math.max(0, Math.min(up - 1.001, (y - top) / CELL));
  const i = Math.floor(u), j = Math.floor(v), s = u - i, t = v - j, at = j * across + i;
  return (values[at] * (1 - s) + values[at + 1] * s) * (1 - t) + (values[at + across] * (1 - s) + values[at + across + 1] * s) * t;
}
