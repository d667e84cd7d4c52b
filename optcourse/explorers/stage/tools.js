// What can be done with the whole figure: undo, back to the first setting, a link, a picture to keep, the full screen.

import { element, setText } from "./dom.js";
import { iconButton } from "./icons.js";

const SAID = 1800; // ms that a short message stays

export class Tools {
  constructor(stage) {
    this.stage = stage;
    const at = (shape, name, act, key) => iconButton(shape, name, act, { key });
    this.undo = at("undo", "Undo", () => stage.history.undo(), "Z");
    this.undo.setAttribute("aria-disabled", "true");
    this.full = at("full", "Full screen", () => this.fill(), "F");
    this.toast = element("span", { className: "oc-toast", role: "status" });
    this.node = element("div", { className: "oc-icons", role: "toolbar", "aria-label": "figure" },
      this.undo, at("reset", "Reset", () => stage.reset()), at("link", "Copy a link to this setting", () => this.link()),
      at("save", "Save the picture", () => this.save()), this.full, this.toast);
  }

  say(words) {
    setText(this.toast, words);
    this.toast.classList.add("oc-on");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.toast.classList.remove("oc-on"); setText(this.toast, ""); }, SAID);
  }

  link() {}

  save() {}

  fill() {}
}
