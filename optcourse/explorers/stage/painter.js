// The picture: its panels beside or below each other, each with grid, marks, labels and legend, on one canvas.

import { MARGIN, ticksOf, viewOf } from "./axes.js";
import { FONT, Pencil } from "./marks.js";

const SMALL = "11px system-ui, -apple-system, 'Segoe UI', 'DejaVu Sans', sans-serif";
const LEGEND_ROW = 18;

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
  constructor(canvas, spec) {
    super(spec);
    this.canvas = canvas;
    this.legendRows = 0;
    this.backs = [];
    this.boxes = []; // the views of the panels, as they were painted last
  }

  size(width, dark, scale) { // a person who enlarges the text enlarges the whole picture: all below is in units of `scale` pixels
    this.width = width / scale;
    this.scale = scale;
    this.dark = dark;
    this.ratio = Math.max(1, window.devicePixelRatio || 1) * scale;
    this.backs = [];
    this.legendRows = 0;
  }

  paint(frame, step, aim) {
    const surface = this.spec.surfaces[this.dark ? "dark" : "light"];
    const stacked = this.width < 620 && frame.panels.length > 1;
    const context = this.canvas.getContext("2d", { alpha: false });
    const weights = frame.panels.map((p) => p.weight);
    const total = weights.reduce((a, b) => a + b, 0);
    const widths = stacked ? weights.map(() => this.width) : weights.map((w) => (this.width * w) / total);
    context.font = SMALL;
    frame.panels.forEach((panel, i) => {
      this.legendRows = Math.max(this.legendRows, this.legend(context, panel, widths[i]).length);
    });
    const tall = this.spec.height + this.legendRows * LEGEND_ROW;
    const height = stacked ? tall * frame.panels.length : tall;
    const w = Math.round(this.width * this.ratio), h = Math.round(height * this.ratio);
    if (this.canvas.width !== w || this.canvas.height !== h) {
      this.canvas.width = w;
      this.canvas.height = h;
      this.canvas.style.height = height * this.scale + "px";
      this.backs = [];
    }
    context.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    context.lineJoin = "round";
    context.fillStyle = surface.background;
    context.fillRect(0, 0, this.width, height);
    this.boxes = [];
    let left = 0, top = 0;
    frame.panels.forEach((panel, i) => {
      this.panel(context, panel, { left, top, width: widths[i], height: tall }, step, surface, i);
      if (stacked) top += tall;
      else left += widths[i];
    });
    if (aim) for (const view of this.boxes) if (view.panel.marks.some((m) => m.drag)) {
      context.strokeStyle = surface.text;
      context.lineWidth = 2;
      context.setLineDash([]);
      const x = view.X(aim[0]), y = view.Y(aim[1]);
      context.beginPath();
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) { context.moveTo(x + 4 * dx, y + 4 * dy); context.lineTo(x + 14 * dx, y + 14 * dy); }
      context.stroke();
    }
  }

  legend(context, panel, width) {
    const rows = [];
    const whole = width - this.legendLeft(width) - 4;
    let room = 0;
    const seen = new Set();
    for (const mark of panel.marks) {
      if (!mark.label || seen.has(mark.label)) continue;
      seen.add(mark.label);
      const lines = broken(context, mark.label, whole - 34);
      lines.forEach((words, i) => {
        const need = 34 + context.measureText(words).width + 12;
        if (!rows.length || need > room + 12 || i > 0) {
          rows.push([]);
          room = whole;
        }
        rows[rows.length - 1].push([i ? null : mark, words, need]);
        room -= need;
      });
      if (lines.length > 1) room = 0;
    }
    return rows;
  }

  legendLeft(width) {
    return width < 420 ? 6 : MARGIN.left;
  }

  panel(context, panel, area, step, surface, index) {
    const view = viewOf(panel, area, this.legendRows * LEGEND_ROW);
    this.boxes.push(view);
    this.placed = [];
    const ticks = ticksOf(panel, view.box);
    this.grid(context, view, ticks, surface);
    this.marks(context, view, step, index);
    this.labels(context, view, ticks, area, surface);
    this.keys(context, panel, area, surface);
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
    context.font = "600 " + FONT;
    const title = broken(context, panel.title, area.width - 4);
    title.forEach((words, i) => context.fillText(words, middle(words), box.top - (title.length > 1 ? 6 : 9) - 13 * (title.length - 1 - i), area.width - 4));
  }

  keys(context, panel, area, surface) {
    context.font = SMALL;
    context.textAlign = "left";
    context.textBaseline = "middle";
    this.legend(context, panel, area.width).forEach((row, r) => {
      let x = area.left + this.legendLeft(area.width);
      const y = area.top + area.height - this.legendRows * LEGEND_ROW + (r + 0.4) * LEGEND_ROW;
      for (const [mark, words, need] of row) {
        if (mark) this.sample(context, mark, x, y);
        context.fillStyle = surface.text;
        context.fillText(words, x + 34, y);
        x += need;
      }
    });
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
