// What was before: 50 settings, each with its step and the run in focus. A whole drag is one, and so is a key that is held down.

const DEEP = 50;

export class History {
  constructor(stage, root) {
    this.stage = stage;
    this.past = [];
    this.act = 0; // goes up with each new press of a button or a key
    this.noted = -1;
    const begin = () => { this.act += 1; };
    root.addEventListener("pointerdown", begin, { capture: true });
    root.addEventListener("keydown", (event) => { if (!event.repeat) begin(); }, { capture: true });
  }

  note() { // something is about to change
    const { stage } = this;
    if (this.undoing || this.noted === this.act) return;
    this.noted = this.act;
    this.past.push({ values: structuredClone(stage.values), step: stage.transport.step, focus: stage.ui.focus });
    if (this.past.length > DEEP) this.past.shift();
    this.show();
  }

  undo() {
    const last = this.past.pop();
    if (!last) return;
    this.undoing = true;
    this.stage.restore(last);
    this.undoing = false;
    this.noted = -1;
    this.show();
  }

  show() { // not `disabled`: a button that was pressed keeps the focus
    this.stage.undoButton.setAttribute("aria-disabled", String(!this.past.length));
  }
}
