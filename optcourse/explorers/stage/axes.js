// The axes of a panel: where its box lies, which place a value has, which value a place has, and its ticks.

import { general, numeral, power } from "./numbers.js";

const NO_ROOM = { left: 0, right: 0, top: 0, bottom: 0 };

// A map shows two weights (or two other things that are alike) as the axes of a plane; all else is a plot over its x.
export function isMap(panel) {
  return Boolean(panel.field || panel.equal || panel.marks.some((mark) => mark.kind === "heat"));
}

// A panel in its area: the box of its axes, and where values lie. `room` is what a plot keeps round its box for words. `home`
// has the limits of the whole panel: a map with equal axes widens its own until they fill the box.
export function viewOf(panel, area, zoom, room = NO_ROOM) {
  const box = {
    left: area.left + room.left,
    top: area.top + room.top,
    width: Math.max(1, area.width - room.left - room.right),
    height: Math.max(1, area.height - room.top - room.bottom),
  };
  const home = { xlim: [...panel.xlim], ylim: [...panel.ylim] };
  if (panel.equal) {
    const unit = Math.min(box.width / (home.xlim[1] - home.xlim[0]), box.height / (home.ylim[1] - home.ylim[0]));
    widen(home.xlim, box.width / unit);
    widen(home.ylim, box.height / unit);
  }
  const seen = zoom && zoom.k > 1 ? limitsAround(zoom, home) : home;
  const { xlim, ylim } = seen;
  const [X, xOf] = scale(panel.xscale, xlim, box.left, box.width);
  const [Y, yOf] = scale(panel.yscale, ylim, box.top + box.height, -box.height);
  const at = (x, y) => [X(x), Y(y)];
  return { panel, area, box, X, Y, xOf, yOf, at, zoom: zoom || { k: 1, cx: (home.xlim[0] + home.xlim[1]) / 2, cy: (home.ylim[0] + home.ylim[1]) / 2 }, home, xlim, ylim };
}

function widen(lim, length) {
  const more = (length - (lim[1] - lim[0])) / 2;
  lim[0] -= more;
  lim[1] += more;
}

function limitsAround({ k, cx, cy }, home) {
  const around = (c, [lo, hi]) => [c - (hi - lo) / (2 * k), c + (hi - lo) / (2 * k)];
  return { xlim: around(cx, home.xlim), ylim: around(cy, home.ylim) };
}

function scale(kind, [lo, hi], from, length) { // [place of a value, value of a place]
  const far = (p) => Math.max(-1e5, Math.min(1e5, p)); // canvases misdraw coordinates that are astronomically far
  if (kind !== "log") {
    const k = length / (hi - lo);
    return [(v) => far(from + (v - lo) * k), (p) => lo + (p - from) / k];
  }
  const a = Math.log10(lo), k = length / (Math.log10(hi) - a);
  const place = (v) => (v > 0 ? from + (Math.log10(v) - a) * k : v <= 0 ? from - 1e4 * Math.sign(length) : NaN);
  return [(v) => far(place(v)), (p) => 10 ** (a + (p - from) / k)];
}

export function isInside({ box }, x, y) {
  return x >= box.left && x <= box.left + box.width && y >= box.top && y <= box.top + box.height;
}

export function valuesAt({ xOf, yOf }, x, y) { // to four digits: what the person reads is what is computed
  return [xOf(x), yOf(y)].map((v) => Number(v.toPrecision(4)));
}

export function ticksOf({ panel, box, xlim, ylim }) { // [across, up], each a list of [value, words]
  const map = isMap(panel), gap = map ? 62 : 44;
  const across = panel.xticks || (panel.xscale === "log" ? logTicks(...xlim, box.width / 46) : ticks(...xlim, box.width / gap));
  const up = panel.yticks || (panel.yscale === "log" ? logTicks(...ylim, box.height / (box.height < 110 ? 22 : 38)) : ticks(...ylim, box.height / (map ? 62 : 44)));
  return [across, up].map((list, i) => list.filter(([v]) => within(v, i ? ylim : xlim)));
}

// What a panel encodes, beside its title: the axes and the colours of a map stand on it, the y axis of a plot does not.
export function encodedIn(panel) {
  if (isMap(panel)) return panel.field?.bands ? "colour and lines: loss" : panel.field ? "lines: loss" : "";
  const known = panel.title.toLowerCase().includes(panel.ylabel.toLowerCase());
  return [known ? "" : panel.ylabel, panel.yscale === "log" ? "log scale" : ""].filter(Boolean).join(", ");
}

function within(v, [lo, hi]) {
  const slack = (hi - lo) * 1e-9;
  return v >= lo - slack && v <= hi + slack;
}

function ticks(lo, hi, room) {
  const step = niceStep((hi - lo) / Math.max(1.5, room));
  const out = [];
  for (let k = Math.ceil(lo / step - 1e-9); k * step <= hi + step * 1e-9; k++) out.push(k * step);
  const places = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const large = Math.max(Math.abs(lo), Math.abs(hi)) >= 1e5;
  return out.map((v) => [v, large ? numeral(v) : (Math.abs(v) < step / 1e6 ? 0 : v).toFixed(places).replace("-", "−")]);
}

export function niceStep(raw) { // 1, 2 or 5 times a power of ten, not below `raw`
  const size = 10 ** Math.floor(Math.log10(raw));
  return [1, 2, 5, 10].map((m) => m * size).find((s) => s >= raw * (1 - 1e-9));
}

function logTicks(lo, hi, room) {
  const a = Math.ceil(Math.log10(lo) - 1e-9), b = Math.floor(Math.log10(hi) + 1e-9);
  if (b - a < 1) {
    const out = [];
    for (let e = a - 1; e <= b + 1; e++) for (const m of [1, 2, 5]) {
      const v = m * 10 ** e;
      if (v >= lo * 0.999 && v <= hi * 1.001) out.push([v, general(v, 2)]);
    }
    return out;
  }
  const every = Math.max(1, niceStep((b - a) / Math.max(1.5, room))), out = [];
  const first = Math.ceil(a / every) * every; // so that 1 is among them
  for (let e = first; e <= b; e += every) out.push([10 ** e, decade(e)]);
  return out;
}

const decade = (e) => (e >= -1 && e <= 2 ? String(10 ** e) : power(e));
