// A slider of our own look, the same in every browser: a native range input, whose own parts cannot be seen, over a rail of ours.

import { element } from "./dom.js";

const THUMB = 18; // px: of the rail's ends, half of it belongs to the thumb (stage.css has the same)
const BESIDE = 6; // px between two words, and between a word and a stem
const INSIDE = 5; // px of a flag beside its words

export function railed(input) {
  const fill = element("div", { className: "oc-fill" }), zone = element("div", { className: "oc-zone", hidden: true });
  const node = element("div", { className: "oc-slot" }, element("div", { className: "oc-rail" }), zone, fill, input);
  return {
    node,
    fill: (part) => fill.style.setProperty("--oc-part", part),
    hatch: (part) => { // beyond that part of the rail nothing good happens; null: no such place
      zone.hidden = part === null;
      if (part !== null) zone.style.setProperty("--oc-part", part);
    },
  };
}

// Where a value lies among the increasing values of a slider, from 0 to 1.
export function partOf(values, value) {
  const above = values.findIndex((x) => x >= value);
  if (above < 0) return 1;
  const place = above === 0 ? 0 : above - 1 + (value - values[above - 1]) / (values[above] - values[above - 1]);
  return place / Math.max(1, values.length - 1);
}

// Flags that hang at their stems and point to the middle of the rail. The one nearest the middle gets the first row; the next goes
// a row down where it would come near words or cross a stem. `marks`: [{ part, widths }], of the words in full and in short. Where there
// is no room for all, those far from the middle are said in short, or not at all. Gives [{ x, from, to, row, form }] in the same order;
// `form` says which of the widths, and is -1 for a stem without words.
export function layFlags(marks, wide, thumb = THUMB) {
  const flags = marks.map(({ part, widths }) => ({ x: thumb / 2 + (wide - thumb) * part, widths, form: 0 }));
  const order = [...flags].sort((a, b) => Math.abs(a.x - wide / 2) - Math.abs(b.x - wide / 2));
  for (const form of [0, 1, -1]) {
    if (form === 0 && settled(order, 0, wide)) return flags;
    for (const flag of form ? [...order].reverse() : []) {
      flag.form = form;
      if (settled(order, 0, wide)) return flags;
    }
  }
  return flags;
}

function settled(order, k, wide) { // a place for this flag and all after it
  if (k === order.length) return true;
  const flag = order[k], room = flag.form < 0 ? 0 : flag.widths[flag.form] + 2 * INSIDE, middle = flag.x > wide / 2 ? -1 : 1;
  for (const way of room ? [middle, -middle] : [middle]) for (let row = 0; row < (room ? order.length : 1); row++) {
    const left = way > 0 ? flag.x : flag.x - room, from = Math.max(0, Math.min(wide - room, left));
    Object.assign(flag, { from, to: from + room, row });
    if (room > wide || order.slice(0, k).some((other) => meet(flag, other))) continue;
    if (settled(order, k + 1, wide)) return true;
  }
  return false;
}

export function meet(a, b) { // do words meet words, or a stem the words of the other?
  if (a.form >= 0 && b.form >= 0 && a.row === b.row) return a.from < b.to + BESIDE && a.to > b.from - BESIDE;
  const crosses = (stem, flag) => flag.form >= 0 && flag.row < stem.row && stem.x > flag.from + 1 && stem.x < flag.to - 1;
  return crosses(a, b) || crosses(b, a);
}
