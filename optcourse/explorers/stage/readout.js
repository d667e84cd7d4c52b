// The second layer of each panel, and the line of values below: what is read under the pointer, or at a step. It is painted
// alone while a pointer moves; the pictures below stay as they are.

import { button, element, setText } from "./dom.js";
import { loopsOf, pathOf } from "./field.js";
import { SIZES } from "./marks.js";
import { clamp, numeral } from "./numbers.js";
import { runOf } from "./pins.js";
import { rangeOf, readAt } from "./reading.js";
import { levelsOnSurface } from "./tilt.js";

const NO_KERNEL = "Starting elsewhere needs a kernel: open the notebook, or run its cell again.";
const TOOLS = [50, 146]; // px, the corner of a map that holds its buttons
const PARTS = 4; // of a quantity that are read out; of longer ones, none

// How far apart the steps lie, where a panel goes over the steps: a mark of it has one place a step, 0, 1, 2 … or 0, 10, 20 …; null elsewhere.
export function stepsOf({ marks, field }, last) {
  if (field || last === undefined) return null;
  const even = (x) => x?.length > 2 && x.length <= last + 1 && x[0] === 0 && x[1] > 0 && Number.isInteger(x[1]) && Math.abs(x[x.length - 1] - x[1] * (x.length - 1)) < 1e-6 * x[x.length - 1];
  const found = marks.find(({ kind, run, by_step, x }) => (kind === "line" || kind === "points") && (run || by_step) && even(x));
  return found ? found.x[1] : null;
}

// What is known at the place that is read: {panel, x, y, kept, loss, gradient}; null where there is nothing to read.
export function reading(stage) {
  const { point } = stage.ui, field = point && stage.frame.panels[point.panel]?.field;
  const found = field && readAt(field, point.x, point.y);
  return found ? { ...point, ...found } : null;
}

// The parts of the read-out line, {name, value, role}; the first says what they are the values of.
export function partsOf(stage, read) {
  const { frame, ui, spec } = stage;
  if (read) {
    return [
      { name: read.kept ? "at this point" : "under the pointer" },
      { name: nameOfPlace(frame.panels[read.panel]), value: pair([read.x, read.y]) },
      { name: "loss", value: numeral(read.loss) },
      { name: "gradient", value: pair(read.gradient), role: "gradient" },
      { name: "steepness", value: numeral(Math.hypot(...read.gradient)) },
    ];
  }
  const run = frame.num_steps === undefined ? null : runOf(frame, ui.focus || frame.focus);
  if (!run) return [];
  const step = ui.preview ?? stage.at(), parts = [{ name: `step ${step}`, role: run.role }];
  for (const [name, columns] of Object.entries(run.quantities)) {
    if (columns.length > PARTS || !(step < columns[0].length)) continue;
    const values = columns.map((column) => column[step]);
    parts.push({ name, value: values.length > 1 ? pair(values) : numeral(values[0]), role: spec.quantities[name] });
  }
  return parts;
}

export function inWords(parts) { // for who hears them
  return parts.map(({ name, value }) => (value === undefined ? name : `${name} ${value}`)).join(", ");
}

const pair = (values) => `(${values.map((v) => numeral(v)).join(", ")})`;

function nameOfPlace({ xlabel, ylabel }) {
  const [across, up] = [xlabel, ylabel].map((label) => label.match(/^(\w+)\[[01]\]$/)?.[1]);
  return across && across === up ? across : `${xlabel}, ${ylabel}`;
}

// Whether a plot's vertical axis is the loss that a map has: the run in focus says so, where it lies on the map.
function showsLossOf(frame, focus, map, plot) {
  const run = runOf(frame, focus), places = run?.quantities.w, mark = plot.marks.find((one) => one.run && one.run === focus && one.y?.length && rising(one.x));
  if (!mark || places?.length !== 2) return false;
  const seen = Math.min(mark.y.length, places[0].length);
  for (let t = 0; t < seen; t++) {
    const there = readAt(map.field, places[0][t], places[1][t]);
    if (there) return Math.abs(there.loss - mark.y[t]) <= 0.03 * Math.abs(mark.y[t]) + 3e-4 * rangeOf(map.field).high;
  }
  return false;
}

const rising = (x) => x?.length > 1 && x[1] > x[0];

export class Readout {
  constructor(stage) {
    this.stage = stage;
    this.slots = [];
    this.values = element("span", { className: "oc-values" });
    this.why = element("span", { className: "oc-why", textContent: "needs a kernel", hidden: true });
    this.start = button("Start here", () => stage.hand.startThere(), { className: "oc-here", hidden: true });
    this.start.append(this.why);
    stage.read.append(this.values, this.start);
  }

  paint() {
    const { stage } = this, read = reading(stage), { ui } = stage, seen = stage.panels.filter((panel) => panel.view);
    for (const panel of seen) this.clear(panel);
    if (read && stage.panels[read.panel].view) this.level(stage.panels[read.panel], read);
    if (!read && ui.preview !== null) for (const panel of seen) this.preview(panel, ui.preview);
    if (stage.hand.aim) this.aim(stage.hand.aim);
    this.say(read);
  }

  clear(panel) {
    panel.pen ||= panel.readout.getContext("2d");
    panel.pen.setTransform(1, 0, 0, 1, 0, 0);
    if (panel.touched) panel.pen.clearRect(0, 0, panel.readout.width, panel.readout.height);
    panel.touched = false;
  }

  on(panel) { // to paint there
    const { ratio } = this.stage.painter;
    panel.touched = true;
    panel.pen.setTransform(ratio, 0, 0, ratio, 0, 0);
    panel.pen.setLineDash([]);
    return panel.pen;
  }

  // A place of a map: the level through it, its loss, the way down; and that loss as a rule in the curve beside it.
  level(panel, read) {
    const { stage } = this, { painter, frame, ui } = stage, { view, grid } = panel, { box } = view, context = this.on(panel), [x, y] = view.at(read.x, read.y);
    if (!grid) return;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    const line = view.camera ? levelsOnSurface(view.camera, grid, view, [read.loss]) : pathOf(loopsOf(grid, read.loss));
    Object.assign(context, { lineJoin: "round", strokeStyle: painter.tone.casing, lineWidth: 4, globalAlpha: 0.8 });
    context.stroke(line);
    Object.assign(context, { strokeStyle: painter.tone.text, lineWidth: 1.6, globalAlpha: 1 });
    context.stroke(line);
    this.downhill(context, panel.view, read);
    painter.stamp(context, "circle", x, y, 4.5, painter.tone.text, true);
    this.tag(context, box, `loss ${numeral(read.loss)}`, x, y);
    context.restore();
    for (const other of stage.panels) {
      if (other.view && other !== panel && showsLossOf(frame, ui.focus || frame.focus, frame.panels[panel.index], other.view.panel)) this.rule(other, read.loss);
    }
  }

  downhill(context, view, { x, y, loss, gradient }) { // as long as it is steep, and never too short or too long to be seen
    const { xlim, ylim, box, home, camera, panel: { field } } = view, { painter } = this.stage, steep = Math.hypot(...gradient);
    const pixel = [(xlim[1] - xlim[0]) / box.width, (ylim[1] - ylim[0]) / box.height], by = gradient.map((v, i) => -v / pixel[i]), far = Math.hypot(...by);
    if (!(far > 0)) return;
    const { low, high } = rangeOf(field), usual = (high - low) / Math.hypot(home.xlim[1] - home.xlim[0], home.ylim[1] - home.ylim[0]);
    const length = 22 + (46 * steep) / (steep + usual), to = [x, y].map((v, i) => v + (by[i] / far) * length * pixel[i]);
    painter.arrow(context, view.at(x, y), camera ? camera.place(...to, loss) : view.at(...to), painter.color("gradient"), 2.6);
  }

  tag(context, box, words, x, y) { // beside the place, and whole on the map
    const { painter } = this.stage, width = painter.width(context, words, SIZES.label, 650) + 16, height = 23;
    const top = clamp(y - 34, [box.top + 4, box.top + box.height - height - 4]), right = box.left + box.width - (top < box.top + TOOLS[1] ? TOOLS[0] : 0);
    const left = x + 14 + width > right ? x - 14 - width : x + 14;
    context.fillStyle = painter.tone.text;
    context.beginPath();
    context.roundRect(left, top, width, height, 5);
    context.fill();
    painter.words(context, words, left + 8, top + height / 2 + 0.5, painter.tone.background, { size: SIZES.label, weight: 650 });
  }

  rule(panel, loss) {
    const { box, Y } = panel.view, { painter } = this.stage, y = Y(loss), right = box.left + box.width;
    if (!(y >= box.top && y <= box.top + box.height)) return;
    const context = this.on(panel);
    context.beginPath();
    context.moveTo(box.left, y);
    context.lineTo(right, y);
    painter.stroke(context, painter.tone.text, 1.2, [4, 3]);
    painter.words(context, "loss here", right - 3, y > box.top + 16 ? y - 9 : y + 10, painter.tone.text, { size: SIZES.tick, align: "right", halo: painter.tone.background });
  }

  // The step that a hand over the curve would go to: a hollow mark on every picture.
  preview(panel, step) {
    const { frame, ui, painter } = this.stage, { view } = panel, { box } = view, context = this.on(panel), focus = ui.focus || frame.focus;
    const wide = stepsOf(view.panel, frame.num_steps);
    if (wide) {
      const x = view.X(step * wide);
      context.beginPath();
      context.moveTo(x, box.top);
      context.lineTo(x, box.top + box.height);
      painter.stroke(context, painter.tone.edge, 1, [3, 3]);
    }
    const seen = new Set();
    for (const mark of view.panel.marks) {
      const goes = (mark.kind === "points" && mark.by_step === "at") || (mark.kind === "line" && mark.run && !mark.dash);
      if (!goes || (mark.run || "") !== (focus || "") || seen.has(mark.role) || !(step < mark.x.length)) continue;
      const [x, y] = view.at(mark.x[step], mark.y[step]);
      seen.add(mark.role); // of a line and its points, once
      if (x >= box.left && x <= box.left + box.width && y >= box.top - 1 && y <= box.top + box.height + 1) painter.stamp(context, "circle", x, y, 5, painter.color(mark.role), true);
    }
  }

  aim({ panel, x, y }) { // where the next step of a walk would go
    const { painter, panels } = this.stage, context = this.on(panels[panel]), [left, top] = panels[panel].view.at(x, y);
    context.beginPath();
    for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(left + 4 * dx, top + 4 * dy); context.lineTo(left + 14 * dx, top + 14 * dy); }
    painter.stroke(context, painter.tone.text, 2, []);
  }

  // The line of values; its nodes are made once.
  say(read) {
    const { stage } = this, parts = partsOf(stage, read), start = read?.kept && stage.hand.startOf(read.panel);
    stage.read.hidden = !parts.length && !stage.frame.panels.some((panel) => panel.field);
    while (this.slots.length < parts.length) this.slots.push(this.slot(this.slots.length));
    this.slots.forEach((slot, i) => {
      const { name = "", value = "", role } = parts[i] || {};
      slot.node.hidden = i >= parts.length;
      setText(slot.name, name);
      setText(slot.value, value);
      const colour = role ? stage.painter.color(role) : "";
      if (slot.colour !== colour) { slot.dot.style.background = slot.colour = colour; slot.dot.hidden = !colour; }
    });
    this.start.hidden = !start;
    this.start.disabled = !stage.link.live;
    this.start.title = stage.link.live ? "Start the run here (Enter)" : NO_KERNEL;
    this.why.hidden = stage.link.live;
    stage.read.dataset.of = read ? "place" : "step";
  }

  slot(index) {
    const dot = element("i", { hidden: true }), name = element(index ? "b" : "strong"), value = element("span");
    const node = element("span", { className: index ? "oc-value" : "oc-at" }, dot, name, value);
    this.values.append(node);
    return { node, dot, name, value, colour: "" };
  }
}
