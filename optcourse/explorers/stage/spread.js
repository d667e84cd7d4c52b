// The layout of a slide and of the whole screen: the main picture to the left and top edge, the rest in a column beside it, the run below.

import { element } from "./dom.js";

export class Spread {
  constructor(stage) {
    this.stage = stage;
    this.on = false;
    this.side = element("div", { className: "oc-side" });
  }

  set(on) {
    const { stage } = this, { layout, root } = stage, held = document.activeElement;
    if (on === this.on) return;
    this.on = on;
    root.classList.toggle("oc-slide", on);
    const words = [stage.head, stage.sentence, stage.notice], below = [stage.narration, stage.read], last = [stage.pinned, stage.controlRows, stage.note];
    if (on) {
      const others = layout.panels.filter((panel) => panel.index !== layout.main).map((panel) => panel.node);
      this.side.append(...words, ...others, ...below, ...last);
      stage.bar.append(stage.icons);
      root.append(layout.node, this.side, stage.bar, stage.live);
    } else {
      layout.node.append(...layout.panels.map((panel) => panel.node));
      root.append(...words, stage.live, layout.node, ...below, stage.bar, ...last);
      stage.head.append(stage.icons);
      this.side.remove();
    }
    if (root.contains(held)) held.focus({ preventScroll: true }); // what is moved loses it
    stage.fit();
  }
}
