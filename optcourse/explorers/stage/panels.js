// The panels of a figure: for each a title, two canvases that lie on each other, and what its shapes and colours mean.

import { encodedIn } from "./axes.js";
import { element, setText } from "./dom.js";

const SAMPLE = [32, 16]; // px, of a line or shape beside its name

export class Panels {
  constructor(stage) {
    this.stage = stage;
    this.node = element("div", { className: "oc-panels" });
    this.panels = [];
  }

  match(frame) { // as many panels as the frame has, each with its title and its key
    while (this.panels.length > frame.panels.length) this.panels.pop().node.remove();
    const more = this.panels.length < frame.panels.length;
    while (this.panels.length < frame.panels.length) this.panels.push(this.make(this.panels.length));
    const key = frame.panels.map((p) => [p.title, encodedIn(p), p.equal, p.weight, p.marks.map((m) => [m.label, m.role])]);
    if (!more && JSON.stringify(key) === this.key) return;
    this.key = JSON.stringify(key);
    this.node.style.setProperty("--oc-columns", frame.panels.map((p) => `minmax(0, ${1.42 * p.weight}fr)`).join(" "));
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
    return { index, node, head, title, encodes, place, picture, readout, keys, view: null, width: 0, height: 0 };
  }

  name(state, panel) {
    setText(state.title, panel.title || panel.ylabel);
    setText(state.encodes, encodedIn(panel));
    const marks = this.stage.painter.legend(panel);
    state.keys.replaceChildren(...marks.map((mark) => {
      const sample = element("canvas", { "aria-hidden": "true" });
      return element("li", {}, sample, mark.label);
    }));
    state.keys.hidden = !marks.length;
    state.samples = marks;
  }

  // The sizes, once for all pictures to come: a picture that follows a hand measures nothing. False: not shown yet.
  measure() {
    const { painter } = this.stage;
    for (const state of this.panels) {
      if (state.place.clientWidth < 50) continue; // hidden: it keeps what it had
      state.width = state.place.clientWidth;
      state.height = state.place.clientHeight;
      for (const canvas of [state.picture, state.readout]) fitCanvas(canvas, state.width, state.height, painter.density);
      [...state.keys.children].forEach((item, i) => {
        const [canvas] = item.children, scale = painter.scale;
        fitCanvas(canvas, SAMPLE[0] * scale, SAMPLE[1] * scale, painter.density);
        Object.assign(canvas.style, { width: SAMPLE[0] * scale + "px", height: SAMPLE[1] * scale + "px" });
        const context = canvas.getContext("2d");
        context.setTransform(painter.ratio, 0, 0, painter.ratio, 0, 0);
        context.clearRect(0, 0, ...SAMPLE);
        painter.sample(context, state.samples[i], 2, SAMPLE[1] / 2);
      });
    }
    return this.panels.some((state) => state.width);
  }
}

function fitCanvas(canvas, width, height, density) {
  const w = Math.round(width * density), h = Math.round(height * density);
  if (canvas.width !== w) canvas.width = w;
  if (canvas.height !== h) canvas.height = h;
}
