// What stands on a map: zoom in, zoom out, the whole map, tilt; and what these do.

import { element } from "./dom.js";
import { iconButton } from "./icons.js";
import { runOf } from "./pins.js";
import { Tween, easeBoth } from "./tween.js";
import { wholeMap, zoomBetween, zoomedAt } from "./zoom.js";

const HINT = 1200; // ms
const BUTTON = 1.6; // times as large
const TILT = 400; // ms
const APPLE = /Mac|iPhone|iPad/.test(navigator.platform);

export class Maps {
  constructor(stage) {
    this.stage = stage;
    this.flight = new Tween();
  }

  match() { // tools on each map, and on nothing else; called before the pictures are painted
    const { frame, panels, ui } = this.stage;
    for (const panel of panels) {
      const shown = frame.panels[panel.index], ends = shown.field ? [...shown.xlim, ...shown.ylim].join() : "";
      if (ends !== panel.ends) ui.zoom[panel.index] = undefined; // another map: seen whole at first
      panel.ends = ends;
      if (ends && !panel.tools) this.make(panel);
      else if (!ends && panel.tools) { panel.tools.node.remove(); panel.tools.hint.remove(); panel.tools = null; }
      if (panel.tools) this.update(panel);
    }
  }

  make(panel) {
    const act = (shape, name, what, key) => { const made = iconButton(shape, name, what, { key }); made.dataset.tool = shape; return made; };
    const home = act("home", "Whole map", () => this.home(panel), "0"), tilt = act("tilt", "Tilt the map", () => this.tilt(panel), "T");
    const node = element("div", { className: "oc-map-tools", role: "toolbar", "aria-label": "map" },
      act("plus", "Zoom in", () => this.zoom(panel, BUTTON), "+"), act("minus", "Zoom out", () => this.zoom(panel, 1 / BUTTON), "−"), home, tilt);
    const hint = element("span", { className: "oc-hint", "aria-hidden": "true", textContent: `${APPLE ? "⌘" : "Ctrl"} + wheel zooms` });
    panel.tools = { node, home, tilt, hint };
    panel.place.append(node, hint);
  }

  update(panel) {
    const k = this.stage.ui.zoom[panel.index]?.k || 1;
    panel.tools.home.setAttribute("aria-disabled", String(k === 1)); // not `disabled`: the key that was pressed keeps its place
    panel.tools.tilt.hidden = !this.stage.frame.panels[panel.index].field.bands; // its colours are losses
    panel.tools.tilt.setAttribute("aria-pressed", String(this.stage.ui.tilt[panel.index] > 0));
  }

  hint(panel) {
    const { hint } = panel.tools;
    hint.classList.add("oc-on");
    clearTimeout(this.hinting);
    this.hinting = setTimeout(() => hint.classList.remove("oc-on"), HINT);
  }

  // Zoom -----------------------------------------------------------------------------------------------------------

  show(panel, zoom) { // at once
    this.flight.cut();
    this.put(panel, zoom);
  }

  put(panel, zoom) {
    this.stage.ui.zoom[panel.index] = zoom.k === 1 ? undefined : zoom;
    this.stage.draw();
  }

  zoom(panel, factor, at = null) { // around a place of the map; around what is looked at, if none is given
    const { x, y } = this.centre(panel), { view } = panel;
    this.fly(panel, zoomedAt(view.zoom, view.home, factor, at || [x, y]));
  }

  home(panel) {
    this.fly(panel, wholeMap(panel.view.home));
  }

  fly(panel, to) {
    const from = panel.view.zoom;
    this.flight.run((part) => this.put(panel, part === 1 ? to : zoomBetween(from, to, part)));
  }

  centre({ index, view }) { // the point that is kept; else where the run in focus is now; else the middle
    const { ui, frame } = this.stage, inside = ([x, y]) => x >= view.xlim[0] && x <= view.xlim[1] && y >= view.ylim[0] && y <= view.ylim[1];
    const here = runOf(frame, ui.focus || frame.focus)?.quantities.w?.map((column) => column[this.stage.at()]);
    const found = ui.point?.panel === index ? [ui.point.x, ui.point.y] : here?.length === 2 && inside(here) ? here : [view.zoom.cx, view.zoom.cy];
    return { x: found[0], y: found[1] };
  }

  // Tilt -----------------------------------------------------------------------------------------------------------

  tilt(panel) {
    if (panel.tools.tilt.hidden) return;
    const { ui } = this.stage, from = ui.tilt[panel.index] || 0, to = from > 0.5 ? 0 : 1;
    if (!ui.point?.kept) ui.point = null;
    this.flight.run((part) => { ui.tilt[panel.index] = from + (to - from) * part; this.stage.draw(); }, { ms: TILT, ease: easeBoth });
  }

  close() {
    this.flight.cut();
    clearTimeout(this.hinting);
  }
}
