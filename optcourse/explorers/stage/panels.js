// The panels of a figure: for each a title, two canvases that lie on each other, and what its shapes and colours mean.
// Which sizes they have is the style sheet's; what is measured of them is measured here, when a size changes and at no other time.

import { encodedIn, isMap } from "./axes.js";
import { element, setText } from "./dom.js";
import { narrate } from "./numbers.js";

const SAMPLE = [32, 16]; // px, of a line or shape beside its name
const NARROW = 28.75; // em: below it the panels stand on each other, and the icons come last
const FLAG = 0.8; // em, of the words of a flag
const EDGE = 6; // px above and below the panels

export class Panels {
  constructor(stage) {
    this.stage = stage;
    this.node = element("div", { className: "oc-panels" });
    this.panels = [];
    this.longest = { says: "", told: "" }; // of the sentences that may be said
    this.ruler = element("canvas").getContext("2d");
  }

  match(frame) { // as many panels as the frame has, each with its title and its key
    while (this.panels.length > frame.panels.length) this.panels.pop().node.remove();
    const more = this.panels.length < frame.panels.length;
    while (this.panels.length < frame.panels.length) this.panels.push(this.make(this.panels.length));
    const key = JSON.stringify(frame.panels.map((p) => [p.title, encodedIn(p), p.equal, p.weight, p.marks.map((m) => [m.label, m.role])]));
    if (!more && key === this.key) return;
    this.key = key;
    this.arrange(frame.panels);
    this.panels.forEach((state, i) => this.name(state, frame.panels[i]));
    this.measure();
  }

  make(index) {
    const picture = element("canvas", { className: "oc-picture", role: "img", "aria-describedby": this.stage.id + "-says" });
    const readout = element("canvas", { className: "oc-readout", "aria-hidden": "true" });
    const title = element("b"), encodes = element("span");
    const head = element("p", { className: "oc-panel-title" }, title, encodes);
    const place = element("div", { className: "oc-place" }, picture, readout);
    const keys = element("ul", { className: "oc-key" });
    const node = element("div", { className: "oc-panel" }, head, place, keys);
    node.dataset.panel = index;
    this.node.append(node);
    this.watcher?.observe(place);
    return { index, node, head, title, encodes, place, picture, readout, keys, view: null, width: 0, height: 0 };
  }

  arrange(panels) { // a map is wider than the curves beside it; one panel is the main one, which stays in sight
    const maps = panels.map(isMap), mixed = maps.includes(true) && maps.includes(false);
    const columns = (map) => panels.map((panel, i) => `minmax(0, ${(mixed && maps[i] ? map : 1) * panel.weight}fr)`).join(" ");
    this.node.style.setProperty("--oc-columns", columns(1.42));
    this.node.style.setProperty("--oc-columns-middle", panels.length > 2 ? `repeat(${panels.length - 1}, minmax(0, 1fr))` : columns(1.15));
    this.node.classList.toggle("oc-many", panels.length > 2);
    this.main = Math.max(0, maps.indexOf(true));
    this.panels.forEach(({ node }, i) => {
      node.classList.toggle("oc-main", i === this.main);
      node.classList.toggle("oc-map", maps[i]);
      node.style.setProperty("--oc-rows", panels[i].yticks?.length ?? 0); // named rows, each with room for its name
      node.classList.toggle("oc-strip", i !== this.main && !maps[i] && panels[i].marks.some((mark) => mark.kind === "line" && mark.run));
    });
  }

  name(state, panel) {
    setText(state.title, panel.title || panel.ylabel);
    setText(state.encodes, encodedIn(panel));
    const marks = this.stage.painter.legend(panel);
    state.keys.replaceChildren(...marks.map((mark) => element("li", {}, element("canvas", { "aria-hidden": "true" }), mark.label)));
    state.keys.hidden = !marks.length;
    state.samples = marks;
  }

  // The sizes, once for all pictures to come: a picture that follows a hand measures nothing. False: not shown yet.
  measure() {
    const { stage } = this, { painter, root, ui } = stage, style = getComputedStyle(root), size = parseFloat(style.fontSize);
    stage.iconsLast(ui.spread || root.clientWidth / size < NARROW);
    this.makeRoom();
    if (!ui.spread) this.stick();
    else this.node.classList.remove("oc-alone", "oc-sticks");
    for (const state of this.panels) {
      if (state.place.clientWidth < 50) continue; // hidden: it keeps what it had
      state.width = state.place.clientWidth;
      state.height = state.place.clientHeight;
      for (const canvas of [state.picture, state.readout]) fitCanvas(canvas, state.width, state.height, painter.density);
      [...state.keys.children].forEach((item, i) => drawSample(painter, item.firstChild, SAMPLE, state.samples[i]));
    }
    stage.focusRow.paint();
    const { letterSpacing, wordSpacing } = style;
    Object.assign(this.ruler, { font: `${FLAG * size}px ${style.fontFamily}`, letterSpacing, wordSpacing });
    this.measured = (this.measured || 0) + 1;
    const measure = (words) => this.ruler.measureText(words).width;
    for (const { rail, row } of stage.controls.values()) {
      if (rail) this.rails.set(row.dataset.control, { wide: rail.node.clientWidth, thumb: parseFloat(getComputedStyle(rail.node).getPropertyValue("--oc-thumb")), measure, size: this.measured });
    }
    return this.panels.some((state) => state.width);
  }

  rails = new Map(); // of each slider: how wide it is, and how wide words are

  // Picture and hand together: the panels stay at the top of the window while the controls below them are used. Where they would take
  // more than half of it, the main one stays alone; where that would, none.
  stick() {
    const { node, stage } = this, main = this.panels[this.main];
    if (!main) return;
    const seen = this.window(), half = seen / 2, style = stage.root.style, high = (one) => one.getBoundingClientRect().height;
    node.classList.remove("oc-alone");
    // Titles and keys come on top of the pictures, which leave room for them.
    style.setProperty("--oc-window", `${seen}px`);
    const around = EDGE + Math.max(...this.panels.map((one) => high(one.node) - high(one.place)));
    node.style.setProperty("--oc-around", `${Math.ceil(around)}px`);
    const all = high(node), alone = high(main.node), last = this.panels[this.panels.length - 1].node;
    const stacked = last !== main.node && last.offsetTop >= main.node.offsetTop + alone;
    const stuck = all <= half + 1 ? all : stacked && alone <= half + 1 ? alone : 0;
    node.classList.toggle("oc-alone", stuck > 0 && stuck < all);
    node.classList.toggle("oc-sticks", stuck > 0 && stuck === all);
    style.setProperty("--oc-stuck", `${Math.ceil(stuck)}px`);
  }

  // Room for the longest of the sentences that may be said, so that nothing moves when it is.
  reserve(frames) {
    const long = (words, more) => (more.length > words.length ? more : words), { longest } = this;
    const told = ({ narration, num_steps: last }) => (narration ? [1, last >> 1, last - 1, last].map((step) => narrate(narration, Math.max(0, step))).reduce(long) : "");
    this.longest = { says: frames.map((frame) => frame.says).reduce(long, longest.says), told: frames.map(told).reduce(long, longest.told) };
    if (this.longest.says !== longest.says || this.longest.told !== longest.told) this.makeRoom();
  }

  makeRoom() {
    const { says, narration, root } = this.stage;
    for (const [node, words, name] of [[says, this.longest.says, "--oc-said"], [narration, this.longest.told, "--oc-told"]]) {
      const probe = element("p", { className: `${node.className} oc-probe`, textContent: words, "aria-hidden": "true" });
      node.after(probe);
      root.style.setProperty(name, `${Math.ceil(probe.getBoundingClientRect().height)}px`);
      probe.remove();
    }
  }

  sharp(density, act) { // the pictures with more pixels, for as long as `act` needs them
    const { painter } = this.stage, usual = painter.density;
    const turn = (to) => {
      painter.density = to;
      painter.ratio = to * painter.scale;
      for (const { picture, width, height } of this.panels) fitCanvas(picture, width, height, to);
    };
    turn(density);
    act();
    turn(usual);
    this.stage.draw();
  }

  window() { // the height of what scrolls: a notebook leaves the figure less than the browser's window
    for (let node = this.stage.root.parentElement; node && node !== document.body; node = node.parentElement) {
      if (/auto|scroll/.test(getComputedStyle(node).overflowY) && node.clientHeight && node.scrollHeight > node.clientHeight) return node.clientHeight;
    }
    return window.innerHeight;
  }
}

export function drawSample(painter, canvas, [wide, high], mark) {
  const { scale, ratio } = painter, context = canvas.getContext("2d");
  fitCanvas(canvas, wide * scale, high * scale, painter.density);
  Object.assign(canvas.style, { width: wide * scale + "px", height: high * scale + "px" });
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, wide, high);
  painter.sample(context, mark, (wide - 28) / 2, high / 2);
}

function fitCanvas(canvas, width, height, density) {
  const w = Math.round(width * density), h = Math.round(height * density);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}
