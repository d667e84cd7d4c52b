// The picture of a panel: grid, marks and labels, on the first of its two canvases.

import { ticksOf, viewOf } from "./axes.js";
import { FONT, Pencil } from "./marks.js";

const SMALL = "11.5px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";

function broken(context, words, width) { // into lines that fit
  const lines = [];
  for (const word of words.split(" ")) {
    const longer = lines.length ? lines[lines.length - 1] + " " + word : word;
    if (lines.length && context.measureText(longer).width <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

export class Painter extends Pencil {
  constructor(spec) {
    super(spec);
    this.backs = [];
    this.scale = 1;
  }

  look(dark, scale) { // a person who enlarges the text enlarges the whole picture: all below is in units of `scale` pixels
    this.scale = scale;
    this.dark = dark;
    this.density = Math.max(1, window.devicePixelRatio || 1); // of the canvas, for a pixel of the page
    this.ratio = this.density * scale;
    this.backs = [];
  }

  paint(state, frame, step, ui) { // state: of a panel, see panels.js
    if (!state.width) return; // not shown yet
    const surface = this.spec.surfaces[this.dark ? "dark" : "light"];
    const context = state.picture.getContext("2d"), panel = frame.panels[state.index];
    const area = { left: 0, top: 0, width: state.width / this.scale, height: state.height / this.scale };
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.clearRect(0, 0, area.width, area.height);
    context.lineJoin = "round";
    const view = (state.view = viewOf(panel, area, ui.zoom[state.index]));
    this.placed = [];
    const ticks = ticksOf(panel, view.box);
    this.grid(context, view, ticks, surface);
    this.marks(context, view, step, state.index);
    this.labels(context, view, ticks, area, surface);
  }

  legend(panel) { // the marks that the key below the picture explains, each name once
    const seen = new Set();
    return panel.marks.filter((mark) => mark.label && !seen.has(mark.label) && seen.add(mark.label));
  }

  grid(context, { box, X, Y }, [across, up], surface) {
    context.lineWidth = 1;
    context.font = SMALL;
    context.strokeStyle = surface.grid;
    context.beginPath();
    for (const [v] of across) { const x = Math.round(X(v)) + 0.5; context.moveTo(x, box.top); context.lineTo(x, box.top + box.height); }
    for (const [v] of up) { const y = Math.round(Y(v)) + 0.5; context.moveTo(box.left, y); context.lineTo(box.left + box.width, y); }
    context.stroke();
  }

  marks(context, view, step, index) {
    const { panel, box } = view;
    this.cased = panel.marks.some((m) => m.kind === "heat" && m.colors !== "terrain");
    const behind = [];
    for (const mark of panel.marks) if (mark.role === "contour" && !mark.by_step) behind.push(mark); else break;
    context.save();
    context.beginPath();
    context.rect(box.left, box.top, box.width, box.height);
    context.clip();
    if (behind.length) this.background(context, behind, view, index);
    for (const mark of panel.marks.slice(behind.length)) {
      context.globalAlpha = mark.alpha ?? 1;
      this[mark.kind](context, mark, view, step);
    }
    context.restore();
  }

  labels(context, { panel, box, X, Y }, [across, up], area, surface) {
    context.font = SMALL;
    context.strokeStyle = surface.axis;
    context.fillStyle = surface.text;
    context.strokeRect(Math.round(box.left) + 0.5, Math.round(box.top) + 0.5, Math.round(box.width), Math.round(box.height));
    context.textAlign = "center";
    context.textBaseline = "top";
    for (const [v, words] of across) if (X(v) > box.left - 1 && X(v) < box.left + box.width + 1) context.fillText(words, X(v), box.top + box.height + 6);
    context.textAlign = "right";
    context.textBaseline = "middle";
    for (const [v, words] of up) if (Y(v) > box.top - 1 && Y(v) < box.top + box.height + 1) context.fillText(words, box.left - 6, Y(v));
    context.font = FONT;
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    const middle = (words) => { // centred on the axes, and never over the edge of the panel's own area
      const half = Math.min(area.width - 4, context.measureText(words).width) / 2;
      return Math.max(area.left + 2 + half, Math.min(area.left + area.width - 2 - half, box.left + box.width / 2));
    };
    const below = broken(context, panel.xlabel, area.width - 4);
    below.forEach((words, i) => context.fillText(words, middle(words), box.top + box.height + (below.length > 1 ? 31 : 36) + 13 * i, area.width - 4));
    context.save();
    context.translate(Math.max(area.left + 13, box.left - 48), box.top + box.height / 2);
    context.rotate(-Math.PI / 2);
    context.fillText(panel.ylabel, 0, 0, area.height - 4);
    context.restore();
  }

  background(context, marks, view, index) {
    const { box } = view;
    const key = [box.left, box.top, box.width, box.height, this.dark, this.ratio].join();
    let kept = this.backs[index];
    if (!kept || kept.key !== key || kept.marks.length !== marks.length || kept.marks.some((m, i) => m !== marks[i])) {
      const canvas = document.createElement("canvas");
      canvas.width = Math.ceil(box.width * this.ratio);
      canvas.height = Math.ceil(box.height * this.ratio);
      const c = canvas.getContext("2d");
      c.setTransform(this.ratio, 0, 0, this.ratio, -box.left * this.ratio, -box.top * this.ratio);
      for (const mark of marks) {
        c.globalAlpha = mark.alpha ?? 1;
        this[mark.kind](c, mark, view, null);
      }
      kept = this.backs[index] = { key, marks, canvas };
    }
    context.drawImage(kept.canvas, box.left, box.top, kept.canvas.width / this.ratio, kept.canvas.height / this.ratio);
  }
}
