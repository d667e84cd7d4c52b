// What a figure says of itself, in the place of its sentence: that its kernel is gone, that it loads. (Errors: `fail` of figure.js.)

import { button, element } from "./dom.js";

const FIRST = ["gone", "waking", "blank", "loading"]; // the first of these that holds is said
const LATER = 300; // ms before it is said that something loads: what is there by then needs no words

export class States {
  constructor(stage) {
    this.stage = stage;
    this.node = element("p", { className: "oc-state", role: "status" });
    this.words = element("span");
  }

  set(name, sentence, act) { // act: { words, do } of a button
    const { states } = this.stage.ui;
    if (sentence) states[name] = { sentence, act };
    else delete states[name];
    for (const known of FIRST) this.stage.root.classList.toggle("oc-is-" + known, known in states);
    clearTimeout(this.later);
    if (name === "loading" && sentence) this.later = setTimeout(() => this.show(), LATER);
    else this.show();
  }

  show() {
    const { stage } = this, { states } = stage.ui;
    const said = stage.error.textContent ? null : states[FIRST.find((name) => states[name]?.sentence)];
    // What still moves while the kernel is gone says its words, below.
    stage.says.classList.toggle("oc-unseen", Boolean((said && said !== states.gone) || stage.error.textContent));
    const key = said ? said.sentence + (said.act?.words || "") : "";
    if (this.key === key) return;
    this.key = key;
    const parts = said ? said.sentence.split("**") : []; // what stands between two of them is strong
    this.words.replaceChildren(...parts.map((words, i) => (i % 2 ? element("strong", { textContent: words }) : words)));
    const act = said?.act?.words ?? "";
    if (act && act === this.act) return; // a button that may have the focus
    this.act = act;
    this.node.replaceChildren(...(said ? [this.words] : []), ...(act ? [" ", button(act, said.act.do)] : []));
  }
}
