// The map tilted: seen from the side, as high as the logarithm of the loss. Nothing can be read here that the flat map does not say.

import { bandColour, loopsOf } from "./field.js";
import { clamp } from "./numbers.js";
import { rangeOf, readAt } from "./reading.js";

const YAW = 0.62, PITCH = 0.98; // radians: turned to the left, leaned back
const HIGH = 0.34; // of the height of the box, from the lowest loss to the highest, or less: nothing hides behind a wall
const BEND = 0.008; // the logarithm begins at this part of the highest loss
const ROOM = { across: 24, above: 36, below: 30 }; // px that the surface leaves free
const SIGHT = 96; // rangeOf at which a line of sight is tried
const PATCHES = [72, 46];
const LIGHT = { light: 0.07, dark: 0.28 };

const RELIEFS = new WeakMap(); // of a field's values: the last one

// The losses of a field on a grid of patches over a window.
function reliefOf(field, xlim, ylim, [across, up] = PATCHES) {
  const key = [...xlim, ...ylim, across, up].join();
  let kept = RELIEFS.get(field.values);
  if (!kept) RELIEFS.set(field.values, (kept = new Map()));
  if (kept.has(key)) return kept.get(key);
  const [xlo, xhi, ylo, yhi] = field.extent, places = [];
  for (let j = 0; j <= up; j++) for (let i = 0; i <= across; i++) {
    const x = xlim[0] + ((xlim[1] - xlim[0]) * i) / across, y = ylim[0] + ((ylim[1] - ylim[0]) * j) / up;
    places.push({ x, y, loss: readAt(field, clamp(x, [xlo, xhi]), clamp(y, [ylo, yhi])).loss });
  }
  if (kept.size > 3) kept.clear();
  kept.set(key, { across, up, places });
  return kept.get(key);
}

// The camera of a map, `lift` of the way up (0: flat): where a place of it lies in the box of its view.
export class Camera {
  constructor(view, lift) {
    const { home, box, zoom, panel: { field } } = view;
    const { low, high } = rangeOf(field);
    Object.assign(this, { home, field, lift, box, low, highest: high });
    this.unit = [box.width / (home.xlim[1] - home.xlim[0]), box.height / (home.ylim[1] - home.ylim[0])];
    this.middle = [(home.xlim[0] + home.xlim[1]) / 2, (home.ylim[0] + home.ylim[1]) / 2];
    this.turn = [Math.cos(YAW * lift), Math.sin(YAW * lift), Math.cos(PITCH * lift), Math.sin(PITCH * lift)];
    Object.assign(this, { size: 1, shift: [0, 0], k: 1, away: [0, 0] });
    const relief = reliefOf(field, home.xlim, home.ylim);
    this.rise = this.steepest(relief);
    this.fit(relief);
    const whole = this.seen(...this.middle), centre = this.seen(zoom.cx, zoom.cy);
    this.k = zoom.k;
    this.away = [0, 1].map((i) => centre[i] * this.k - whole[i]);
  }

  loss(x, y) { // also just beyond the field
    const [xlo, xhi, ylo, yhi] = this.field.extent;
    return readAt(this.field, clamp(x, [xlo, xhi]), clamp(y, [ylo, yhi])).loss;
  }

  height(loss) { // 0 at the lowest of the map, 1 at its highest
    const part = Math.max(0, loss - this.low) / (this.highest - this.low || 1);
    return Math.log1p(Math.min(1, part) / BEND) / Math.log1p(1 / BEND);
  }

  turned(x, y, loss) { // around the middle of the map, in pixels of the flat one
    const a = (x - this.middle[0]) * this.unit[0], b = (y - this.middle[1]) * this.unit[1], [cos, sin, flat, steep] = this.turn;
    return [a * cos - b * sin, -((a * sin + b * cos) * flat + this.rise * this.height(loss) * steep)];
  }

  // How many pixels the highest loss is above the lowest: as many as can be, with every place still seen from the front.
  steepest({ across, up, places }) {
    const [cos, sin] = [Math.cos(YAW), Math.sin(YAW)], most = Math.cos(PITCH) / Math.sin(PITCH);
    const wide = (this.unit[0] * (this.home.xlim[1] - this.home.xlim[0])) / across, tall = (this.unit[1] * (this.home.ylim[1] - this.home.ylim[0])) / up;
    let steep = 1e-9;
    for (let j = 0; j < up; j++) for (let i = 0; i < across; i++) {
      const n = j * (across + 1) + i, here = this.height(places[n].loss);
      steep = Math.max(steep, (sin * (here - this.height(places[n + 1].loss))) / wide + (cos * (here - this.height(places[n + across + 1].loss))) / tall);
    }
    return Math.min(HIGH * this.box.height, Math.max((0.9 * most) / steep, 0.12 * this.box.height));
  }

  fit({ places }) { // the whole surface fills the box
    const { box, lift } = this, ends = [[Infinity, -Infinity], [Infinity, -Infinity]];
    for (const { x, y, loss } of places) this.turned(x, y, loss).forEach((v, n) => { ends[n][0] = Math.min(ends[n][0], v); ends[n][1] = Math.max(ends[n][1], v); });
    const [wide, tall] = ends.map(([lo, hi]) => hi - lo);
    const size = Math.min((box.width - ROOM.across) / wide, (box.height - ROOM.above - ROOM.below) / tall);
    this.size = 1 + (size - 1) * lift;
    this.shift = ends.map(([lo, hi], n) => lift * ((lo + hi) / 2 - (n * (ROOM.above - ROOM.below)) / 2 / size));
  }

  seen(x, y, loss = this.loss(x, y)) {
    return this.turned(x, y, loss).map((v, n) => (v - this.shift[n]) * this.size);
  }

  place(x, y, loss = this.loss(x, y)) {
    if (!Number.isFinite(x + y)) return [NaN, NaN];
    const { box, k, away } = this, [across, down] = this.seen(x, y, loss);
    return [box.left + box.width / 2 + across * k - away[0], box.top + box.height / 2 + down * k - away[1]];
  }

  // The place of the map that is seen at a pixel: the first one on the way down. null: beside the surface.
  pick(px, py) {
    const { box, k, away, size, shift, turn: [cos, sin, flat, steep], unit, middle, home } = this;
    const across = (px - box.left - box.width / 2 + away[0]) / k / size + shift[0], down = (py - box.top - box.height / 2 + away[1]) / k / size + shift[1];
    const at = (height) => { // where the line of sight is as high as this
      const back = (-down - this.rise * height * steep) / flat, a = across * cos + back * sin, b = back * cos - across * sin;
      return [middle[0] + a / unit[0], middle[1] + b / unit[1]];
    };
    const on = ([x, y]) => x >= home.xlim[0] && x <= home.xlim[1] && y >= home.ylim[0] && y <= home.ylim[1];
    const under = (height) => { const [x, y] = at(height); return on([x, y]) && this.height(this.loss(x, y)) >= height; };
    let above = 1.01, below = null;
    for (let n = 1; n <= SIGHT && below === null; n++) { const height = 1.01 * (1 - n / SIGHT) - 1e-6; if (under(height)) below = height; else above = height; }
    if (below === null) return null;
    for (let n = 0; n < 20; n++) { const middle = (above + below) / 2; if (under(middle)) below = middle; else above = middle; }
    return at(below);
  }
}

// The surface, patch by patch from far to near; its colours mean the same losses as the bands of the flat map.
export function paintSurface(context, camera, { xlim, ylim }, ramp, dark) {
  const { field, lift, home } = camera, moving = lift < 1; // larger patches while the camera moves: each frame is a new surface
  const ends = [[xlim, home.xlim], [ylim, home.ylim]].map(([[lo, hi], [least, most]]) =>
    [Math.max(least, lo - 0.6 * (hi - lo)), Math.min(most, hi + 0.6 * (hi - lo))]); // what is seen reaches further when it is tilted
  const { across, up, places } = reliefOf(field, ...ends, moving ? PATCHES.map((n) => n / 2) : PATCHES);
  const seen = places.map(({ x, y, loss }) => camera.place(x, y, loss)), high = places.map(({ loss }) => camera.height(loss));
  const colours = Array.from({ length: field.levels.length + 1 }, (_, band) => channels(bandColour(ramp, field, band)));
  const steep = [0, 1].map((n) => camera.rise / ((camera.unit[n] * (ends[n][1] - ends[n][0])) / [across, up][n])), light = LIGHT[dark ? "dark" : "light"] * lift;
  context.lineWidth = 0.8;
  for (let j = up - 1; j >= 0; j--) for (let i = across - 1; i >= 0; i--) {
    const n = j * (across + 1) + i, corners = [n, n + 1, n + across + 2, n + across + 1];
    const lean = 0.7 * steep[0] * (high[n + 1] - high[n]) - 0.8 * steep[1] * (high[n + across + 1] - high[n]), shade = 1 + light * (1.6 * Math.tanh(lean) - (dark ? 0 : 0.6));
    const [r, g, b] = shadeOf(colours, field.levels, (places[n].loss + places[n + across + 2].loss) / 2).map((v) => Math.min(255, Math.round(v * shade)));
    context.fillStyle = context.strokeStyle = `rgb(${r},${g},${b})`;
    context.beginPath();
    for (const corner of corners) context.lineTo(...seen[corner]);
    context.closePath();
    context.fill();
    context.stroke();
  }
}

const channels = (colour) => [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));

function shadeOf(colours, levels, loss) { // as the band in its middle, and between two of them elsewhere
  const above = levels.findIndex((level) => loss <= level), band = above < 0 ? levels.length : above;
  const [lo, hi] = [levels[band - 1], levels[band]], part = lo === undefined || hi === undefined ? 0.5 : lo > 0 ? Math.log(loss / lo) / Math.log(hi / lo) : (loss - lo) / (hi - lo);
  const place = clamp(band - 0.5 + part, [0, colours.length - 1]), k = Math.min(colours.length - 2, Math.floor(place));
  return colours[k].map((v, n) => v + (colours[k + 1][n] - v) * (place - k));
}

// The lines of levels on the surface, as a path. `grid` is the field sampled on the flat map.
export function levelsOnSurface(camera, grid, { box, xOf, yOf }, levels) {
  const path = new Path2D();
  for (const level of levels) for (const loop of loopsOf(grid, level)) {
    let pen = false;
    for (let i = 0; i <= loop.length; i += 2) {
      const x = loop[i % loop.length], y = loop[(i + 1) % loop.length];
      const inside = x >= box.left - 1 && x <= box.left + box.width + 1 && y >= box.top - 1 && y <= box.top + box.height + 1;
      if (inside) path[pen ? "lineTo" : "moveTo"](...camera.place(xOf(x), yOf(y), level));
      pen = inside;
    }
  }
  return path;
}
