// The controls: one row each, made by its kind, and the marks of theory under a slider.

import { button, element } from "./dom.js";
import { nearest, show, typedNumber } from "./numbers.js";

// What a control does with a value, by its kind: the nodes of its row, and how a new value is written into them.
// `stage` has `values`, `link.live`, `set`, `setPoint`, `walk` and `fail`.
const KINDS = { range: slider, choice, toggle, point, walk };

export function makeControl(stage, control, id) {
  const row = element("div", { className: "oc-control" });
  row.dataset.control = control.name;
  const words = control.label + (control.unit ? ` (${control.unit})` : "");
  row.append(element("label", { htmlFor: id, textContent: words }));
  const { nodes, write, marks } = KINDS[control.kind](stage, control, id, words);
  row.append(...nodes);
  const want = () => stage.conversation.want(control.name);
  row.addEventListener("pointerenter", want);
  row.addEventListener("focusin", want);
  write(stage.values[control.name]);
  return { row, write, marks };
}

function slider(stage, control, id, words) {
  const rail = element("input", { type: "range", id, min: 0, max: control.values.length - 1, step: 1 });
  const box = numberBox(words + ", type a value");
  const marks = element("div", { className: "oc-ticks" });
  rail.addEventListener("input", () => stage.set(control.name, control.values[Number(rail.value)]));
  box.addEventListener("change", () => typed(stage, control, box));
  const write = (value) => {
    rail.value = nearest(control.values, value);
    rail.setAttribute("aria-valuetext", show(value) + (control.unit ? " " + control.unit : ""));
    if (document.activeElement !== box) box.value = show(value);
  };
  return { nodes: [element("div", { className: "oc-slot" }, rail, marks), box], write, marks };
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
  stage.set(control.name, kept);
  box.value = show(kept);
}

function choice(stage, control, id) {
  const select = element("select", { id }, ...control.values.map((v) => element("option", { value: v, textContent: v })));
  select.addEventListener("change", () => stage.set(control.name, select.value));
  return { nodes: [select], write: (value) => { select.value = value; } };
}

function toggle(stage, control, id) {
  const check = element("input", { type: "checkbox", id });
  check.addEventListener("change", () => stage.set(control.name, check.checked));
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
      if (Number.isFinite(value)) move(value);
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
  const back = (keep) => { const places = stage.values[control.name]; if (places.length > 1) stage.set(control.name, places.slice(0, keep)); };
  const write = (places) => boxes.forEach((box, axis) => { box.value = show(places[places.length - 1][axis]); });
  const buttons = [act("Step there", go), act("Undo", () => back(-1)), act("Walk again", () => back(1))];
  return { nodes: [element("div", { className: "oc-pair" }, ...boxes, ...buttons)], write };
}

function numberBox(label) {
  return element("input", { type: "text", inputMode: "decimal", "aria-label": label });
}

// The marks of theory under a slider: [value, words] each, `scale` pixels a unit. They keep out of each other's way.
export function placeMarks(node, row, values, wanted, scale) {
  row.classList.toggle("oc-ticked", wanted.length > 0 || row.classList.contains("oc-ticked"));
  const width = (node.clientWidth || 240) / scale;
  const inside = wanted.filter(([v]) => v >= values[0] && v <= values[values.length - 1]).sort((a, b) => a[0] - b[0]);
  let last = null, ends = -Infinity; // the tick before, and where the words before it end
  node.replaceChildren(...inside.map(([v, words]) => {
    const above = values.findIndex((x) => x >= v);
    const part = above <= 0 ? 0 : above - 1 + (v - values[above - 1]) / (values[above] - values[above - 1]);
    const span = element("span", { textContent: words });
    const place = part / (values.length - 1);
    span.style.left = `calc(8px + (100% - 16px) * ${place})`;
    const tick = { span, x: place * width, room: 4 + 6.2 * words.length, to: 0 };
    tick.to = tick.x + tick.room / 2;
    if (last && tick.x - tick.room / 2 < last.to) {
      if (!last.span.className && last.x - last.room > ends) { // neighbours: one's words to the left, the other's to the right
        last.span.className = "oc-left";
        span.className = tick.x + tick.room < width + 4 ? "oc-right" : "oc-second oc-left"; // or a row lower, at the slider's end
        ends = last.x;
        tick.to = tick.x + tick.room;
      } else {
        span.className = "oc-second"; // no room beside it either: a row lower
        return span;
      }
    } else if (last) ends = last.to;
    last = tick;
    return span;
  }));
}
