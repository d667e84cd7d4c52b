// The controls: one row each, made by its kind, and the marks of theory under a slider.

import { button, element, setText } from "./dom.js";
import { nearest, numeral, show, typedNumber } from "./numbers.js";
import { layFlags, partOf, railed } from "./rail.js";

// What a control does with a value, by its kind: the nodes of its row, and how a new value is written into them.
// `stage` has `values`, `link.live`, `set`, `setPoint`, `walk`, `jump` and `fail`.
const KINDS = { range: slider, choice, toggle, point, walk };

export function makeControl(stage, control, id) {
  const row = element("div", { className: "oc-control" });
  row.dataset.control = control.name;
  row.dataset.kind = control.kind;
  row.classList.toggle("oc-extra", !stage.spec.slide.includes(control.name)); // not on a slide
  const words = control.label + (control.unit ? ` (${control.unit})` : "");
  row.append(element("label", { htmlFor: id, textContent: words }));
  const { nodes, write, mark, rail } = KINDS[control.kind](stage, control, id, words);
  row.append(...nodes);
  for (const [come, go] of [["pointerenter", "pointerleave"], ["focusin", "focusout"]]) {
    row.addEventListener(come, () => stage.conversation.want(control.name, come));
    row.addEventListener(go, () => stage.conversation.leave(control.name, come));
  }
  write(stage.values[control.name]);
  return { row, write, mark, rail };
}

function slider(stage, control, id, words) {
  const input = element("input", { type: "range", id, min: 0, max: control.values.length - 1, step: 1 });
  const box = numberBox(words + ", type a value"), rail = railed(input), flags = new Flags(stage, control, rail);
  box.classList.add("oc-number");
  input.addEventListener("input", () => stage.set(control.name, control.values[Number(input.value)]));
  box.addEventListener("change", () => typed(stage, control, box));
  const speak = () => {
    const value = show(stage.values[control.name]) + (control.unit ? " " + control.unit : "");
    input.setAttribute("aria-valuetext", [value, flags.words].filter(Boolean).join("; "));
  };
  const write = (value) => {
    const place = nearest(control.values, value);
    input.value = place;
    rail.fill(control.values[place] === value ? place / Math.max(1, control.values.length - 1) : partOf(control.values, value));
    speak();
    if (document.activeElement !== box) box.value = show(value);
  };
  const mark = (wanted, room) => { if (flags.lay(wanted, room)) speak(); };
  return { nodes: [box, rail.node, flags.node], write, mark, rail };
}

// What theory says of a slider, as flags under its rail: words and value, and a click sets the slider there.
class Flags {
  constructor(stage, control, rail) {
    Object.assign(this, { stage, control, rail, words: "", rows: 0 });
    this.node = element("div", { className: "oc-flags" });
    this.flags = []; // { stem, button }, made once and written anew
  }

  lay(wanted, { wide, thumb, measure, size }) { // true: other marks than before
    const { values } = this.control, inside = wanted.filter(([v]) => v >= values[0] && v <= values[values.length - 1]);
    const key = JSON.stringify([inside, size]);
    if (key === this.key || !wide) return false;
    if (size !== this.size) { this.size = size; this.rows = 0; }
    this.key = key;
    const texts = inside.map(([v, words]) => (Number(words) === v ? [words, words] : [`${words} ${numeral(v)}`, words]));
    const marks = inside.map(([v], i) => ({ part: partOf(values, v), widths: texts[i].map(measure) }));
    const placed = layFlags(marks, wide, thumb);
    while (this.flags.length < placed.length) this.flags.push(this.make());
    this.flags.forEach((flag, i) => this.write(flag, placed[i], texts[i], inside[i]));
    this.rows = Math.max(this.rows, ...placed.map(({ row }) => row + 1)); // rows stay: nothing below them moves
    this.node.style.setProperty("--oc-rows", this.rows);
    const limit = inside.find(([, words]) => words === "limit");
    this.rail.hatch(limit ? partOf(values, limit[0]) : null);
    this.words = texts.map(([words]) => words).join(", ");
    return true;
  }

  make() {
    const stem = element("span", { className: "oc-stem" });
    const flag = { stem, value: 0 };
    // The number field and the rail do the same by keys: the flags are no stops of the Tab key.
    flag.button = button("", () => this.stage.jump(() => this.stage.set(this.control.name, flag.value)), { tabIndex: -1, className: "oc-flag" });
    this.node.append(stem, flag.button);
    return flag;
  }

  write({ stem, button: flag }, placed, texts, mark) {
    stem.hidden = !placed;
    flag.hidden = !placed || placed.form < 0;
    if (!placed) return;
    const [value, words] = mark, own = this.flags.find((one) => one.button === flag);
    own.value = this.stage.link.covers ? this.control.values[nearest(this.control.values, value)] : Number(value.toPrecision(4));
    if (this.control.whole) own.value = Math.round(own.value);
    stem.style.cssText = `left:${placed.x}px;--oc-row:${placed.row}`;
    flag.style.cssText = `left:${placed.from}px;width:${placed.to - placed.from}px;--oc-row:${placed.row}`;
    setText(flag, texts[Math.max(0, placed.form)]);
    flag.title = `Set ${this.control.label} to ${show(own.value)}`;
    for (const node of [stem, flag]) node.classList.toggle("oc-limit", words === "limit");
  }
}

function typed(stage, control, box) {
  const value = typedNumber(box.value);
  const lo = control.values[0], hi = control.values[control.values.length - 1];
  const valid = Number.isFinite(value) && value >= lo && value <= hi;
  if (!valid) {
    stage.fail(`${control.label} must be a number from ${show(lo)} to ${show(hi)}; “${box.value}” is not. It stays at ${show(stage.values[control.name])}.`);
    box.value = show(stage.values[control.name]);
    return;
  }
  const whole = control.whole ? Math.round(value) : value;
  const kept = stage.link.live ? whole : control.values[nearest(control.values, whole)];
  stage.jump(() => stage.set(control.name, kept));
  box.value = show(kept);
}

function choice(stage, control, id) {
  const select = element("select", { id }, ...control.values.map((v) => element("option", { value: v, textContent: v })));
  select.addEventListener("change", () => stage.jump(() => stage.set(control.name, select.value)));
  return { nodes: [select], write: (value) => { select.value = value; } };
}

function toggle(stage, control, id) {
  const check = element("input", { type: "checkbox", id });
  check.addEventListener("change", () => stage.jump(() => stage.set(control.name, check.checked)));
  return { nodes: [check], write: (value) => { check.checked = value; } };
}

function point(stage, control, id, words) {
  const now = (axis) => stage.values[control.name][axis];
  const boxes = [0, 1].map((axis) => {
    const box = numberBox(`${words}, ${axis ? "second" : "first"} coordinate`);
    if (!axis) box.id = id;
    box.disabled = !stage.link.live; // a saved page holds the frames of sliders, not of every point
    const move = (value) => {
      const to = [...stage.values[control.name]];
      to[axis] = value;
      stage.setPoint(control, to);
    };
    box.addEventListener("change", () => {
      const value = typedNumber(box.value);
      if (Number.isFinite(value)) stage.jump(() => move(value));
      else stage.fail(`“${box.value}” is not a number. ${control.label} stays at ${show(now(axis))}.`);
      box.value = show(now(axis));
    });
    box.addEventListener("keydown", (event) => {
      const by = { ArrowUp: 1, ArrowDown: -1 }[event.key];
      if (by) { event.preventDefault(); move(now(axis) + by * control.step); box.value = show(now(axis)); }
    });
    return box;
  });
  const write = (value) => boxes.forEach((box, axis) => { if (document.activeElement !== box) box.value = show(value[axis]); });
  return { nodes: [element("div", { className: "oc-pair" }, ...boxes)], write };
}

function walk(stage, control, id, words) {
  const boxes = ["first", "second"].map((which) => numberBox(`${words}, next place, ${which} coordinate`));
  boxes[0].id = id;
  const act = (text, what) => button(text, what, { disabled: !stage.link.live });
  const go = () => {
    const place = boxes.map((box) => typedNumber(box.value));
    if (place.every(Number.isFinite)) stage.walk(control, place);
    else stage.fail(`Type two numbers to step there; “${boxes.map((b) => b.value).join(", ")}” is not that.`);
  };
  for (const box of boxes) box.addEventListener("keydown", (event) => { if (event.key === "Enter") go(); });
  const again = () => { const places = stage.values[control.name]; if (places.length > 1) stage.set(control.name, places.slice(0, 1)); };
  const write = (places) => boxes.forEach((box, axis) => { box.value = show(places[places.length - 1][axis]); });
  const buttons = [act("Step there", go), act("Walk again", again)];
  return { nodes: [element("div", { className: "oc-pair" }, ...boxes, ...buttons)], write };
}

function numberBox(label) {
  return element("input", { type: "text", inputMode: "decimal", "aria-label": label });
}
