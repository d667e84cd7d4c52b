// Words on a picture that keep out of each other's way: the levels of a map, the names at the ends of lines.

import { linesOf, loopsOf, valueAt } from "./field.js";

const TURNS = [0, 1, -1, 2, -2, 3, -3, 4, -4, 5, -5, 6, -6, 7, -7, 8]; // of a sixteenth of a circle each
const APART = 24; // px

// Where the levels of a map are written: [{x, y, level}], along one ray from its minimum. `start` is where the run begins: the
// ray goes away from it, and stays while the run is stepped through. Nothing is written on the places in `avoid` ({x, y, r})
// or in the corners that hold buttons (`taken`: boxes).
export function levelLabels(grid, field, view, minimum, start, avoid = [], taken = []) {
  const levels = linesOf(field, grid), away = start ? Math.atan2(minimum[1] - start[1], minimum[0] - start[0]) + 0.35 : 0.6;
  const { box } = view, whole = box.width + box.height, at = (part) => [box.left + box.width * part, box.top + box.height / 2];
  let best = [];
  for (const [from, back, enough] of [[minimum, 0, 3], ...[0.5, 0.25, 0.75].map((part) => [at(part), -whole / 2, 2])]) { // else along a line
    for (const turn of TURNS) {
      const found = alongRay(grid, view, levels, from, away + (turn * Math.PI) / 8, [back, back + whole], avoid, taken);
      if (found.length > best.length) best = found;
      if (best.length >= enough) return best;
    }
    if (best.length >= 2) return best;
  }
  const spread = onEachLine(grid, view, levels, avoid, taken);
  return spread.length > best.length ? spread : best;
}

// Whether a level can be written at a place, beside those that are written already.
function fits({ box }, found, { x, y }, avoid, taken) {
  if (x < box.left + 34 || x > box.left + box.width - APART || y < box.top + 14 || y > box.top + box.height - 32) return false;
  if (found.some((one) => Math.hypot(x - one.x, y - one.y) < APART)) return false;
  if (avoid.some((p) => Math.hypot(x - p.x, y - p.y) < APART + (p.r || 0))) return false;
  return !taken.some((b) => x > b.left - 16 && x < b.right + 16 && y > b.top - 9 && y < b.bottom + 9);
}

function onEachLine(grid, view, levels, avoid, taken) { // where no ray meets two of them: each on its own line, in its middle
  const found = [];
  for (const level of levels) {
    const places = loopsOf(grid, level).flatMap((loop) => Array.from({ length: loop.length / 2 }, (_, i) => ({ x: loop[2 * i], y: loop[2 * i + 1], level })));
    const free = places.filter((place) => fits(view, found, place, avoid, taken));
    if (free.length) found.push(free[free.length >> 1]);
  }
  return found;
}

function alongRay(grid, { box }, levels, [x0, y0], angle, [near, end], avoid, taken) {
  const found = [], dx = Math.cos(angle), dy = Math.sin(angle);
  let before = null;
  for (let far = near; far < end; far += 2) {
    const x = x0 + far * dx, y = y0 + far * dy;
    if (x < box.left || y < box.top || x > box.left + box.width || y > box.top + box.height) { before = null; continue; }
    const here = valueAt(grid, x, y);
    const level = before === null ? undefined : levels.find((v) => v > Math.min(before, here) && v <= Math.max(before, here));
    before = here;
    if (level === undefined || found[found.length - 1]?.level === level) continue;
    if (fits({ box }, found, { x, y }, avoid, taken)) found.push({ x, y, level });
  }
  return found;
}

// Names at the ends of lines, each as high as it is (`tall`): from where one would stand (`at`) to where it stands (`y`, its
// middle), so that none meets another, between lo and hi.
export function apart(tags, lo, hi) {
  tags.sort((a, b) => a.at - b.at);
  tags.forEach((tag, i) => { tag.y = Math.max(tag.at, i ? tags[i - 1].y + (tags[i - 1].tall + tag.tall) / 2 : lo + tag.tall / 2); });
  let most = hi;
  for (let i = tags.length - 1; i >= 0; i--) { tags[i].y = Math.min(tags[i].y, most - tags[i].tall / 2); most = tags[i].y - tags[i].tall / 2; }
  return tags;
}

// Boxes that are taken on a picture. `place` gives the first of some places for words of a size where they meet nothing.
export class Room {
  constructor(box) {
    this.box = box;
    this.taken = [];
  }

  take(left, top, right, bottom) {
    this.taken.push({ left, top, right, bottom });
  }

  free({ left, top, right, bottom }) {
    const { box } = this;
    return left >= box.left + 2 && right <= box.left + box.width - 2 && top >= box.top + 1 && bottom <= box.top + box.height - 1
      && !this.taken.some((b) => left < b.right + 3 && right > b.left - 3 && top < b.bottom && bottom > b.top);
  }

  place(width, height, middles) { // middles: [x, y] of the words' middle, the best first
    const boxes = middles.map(([x, y]) => ({ left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 }));
    const found = boxes.find((b) => this.free(b));
    if (!found) return null;
    this.taken.push(found);
    return [(found.left + found.right) / 2, (found.top + found.bottom) / 2];
  }
}

// Where lines and arrows are drawn, in cells of a few pixels: words stand there only where there is no other place for them.
export class Ink {
  constructor() {
    this.cells = new Set();
  }

  line([x0, y0], [x1, y1]) {
    if (!Number.isFinite(x0 + y0 + x1 + y1)) return;
    const parts = Math.min(400, Math.ceil(Math.hypot(x1 - x0, y1 - y0) / INKED));
    for (let k = 0; k <= parts; k++) this.cells.add(cellOf(x0 + ((x1 - x0) * k) / (parts || 1), y0 + ((y1 - y0) * k) / (parts || 1)));
  }

  clear(width, height, [x, y]) { // whether words of a size, with their middle there, are on nothing
    for (let left = x - width / 2; left < x + width / 2 + INKED; left += INKED) {
      for (let top = y - height / 2; top < y + height / 2 + INKED; top += INKED) if (this.cells.has(cellOf(left, top))) return false;
    }
    return true;
  }
}

const INKED = 4; // px
const cellOf = (x, y) => Math.floor(x / INKED) * 4096 + Math.floor(y / INKED);
