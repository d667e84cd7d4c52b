// Which run is in focus: a choice among the runs of the picture, each with a sample of its line. The kernel need not know.

import { element } from "./dom.js";
import { drawSample } from "./panels.js";

const LINE_SAMPLE = [30, 16]; // px

export class FocusRow {
  constructor(stage) {
    this.stage = stage;
    this.group = element("span", { className: "oc-runs", role: "radiogroup", "aria-labelledby": stage.id + "-focus" });
    this.others = element("input", { type: "checkbox", checked: true, id: stage.id + "-others" });
    this.others.addEventListener("change", () => { stage.ui.others = this.others.checked; stage.draw(); });
    this.node = element("div", { className: "oc-focus", hidden: true },
      element("span", { className: "oc-name", id: stage.id + "-focus", textContent: "in focus" }), this.group,
      element("span", { className: "oc-check" }, this.others, element("label", { htmlFor: this.others.id, textContent: "show the others" })));
    this.samples = [];
  }

  match(frame) { // as many choices as there are runs on the picture
    const drawn = new Set(frame.panels.flatMap((panel) => panel.marks.map((mark) => mark.run)));
    const runs = (frame.runs || []).filter((run) => drawn.has(run.name)), key = JSON.stringify(runs.map((run) => [run.name, run.role]));
    if (key !== this.key) this.make(runs, key);
    const focus = this.now(frame);
    for (const { input, run } of this.samples) input.checked = run.name === focus;
  }

  now({ runs, focus }) {
    const { ui } = this.stage;
    return (runs || []).some((run) => run.name === ui.focus) ? ui.focus : focus;
  }

  make(runs, key) {
    const { stage } = this;
    this.key = key;
    this.samples = runs.map((run) => {
      const input = element("input", { type: "radio", name: stage.id + "-run", value: run.name }), canvas = element("canvas", { "aria-hidden": "true" });
      input.addEventListener("change", () => stage.focusOn(run.name));
      const label = element("label", {}, input, canvas, run.name), lift = (name) => { stage.ui.lifted = name; stage.draw(); };
      label.addEventListener("pointerenter", () => lift(run.name));
      label.addEventListener("pointerleave", () => lift(""));
      input.addEventListener("focus", () => lift(run.name));
      input.addEventListener("blur", () => lift(""));
      return { input, canvas, run, label };
    });
    this.group.replaceChildren(...this.samples.map(({ label }) => label));
    this.node.hidden = runs.length < 2;
    this.paint();
  }

  paint() {
    const { painter } = this.stage;
    for (const { canvas, run, label } of this.samples) {
      drawSample(painter, canvas, LINE_SAMPLE, { kind: "line", role: run.role, marker: true, run: run.name });
      label.style.setProperty("--oc-run", painter.color(run.role));
    }
  }
}
