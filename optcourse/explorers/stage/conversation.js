// The conversation with the kernel: which frame is there already, what is asked for, and what an answer means by now.

import { bytesOf, decode } from "./payload.js";

const TABLE_BUDGET = 8e6; // bytes of tables that one figure keeps
const SETTLE = 120; // ms without input before tables are refreshed

// `stage` has `values`, `visible`, `control(name)`, `adopt(name, value)`, `display(frame)` and `fail(sentence)`.
// `link` carries it: `live`, `send(message)`, and `tell(values)` where the picture is right already.
export class Conversation {
  constructor(stage, link) {
    Object.assign(this, { stage, link });
    this.tables = new Map(); // by the control and the values of all others
    this.recent = stage.spec.controls.filter((c) => c.table).map((c) => c.name); // whose tables are wanted first
    this.epoch = 0; // goes up with each picture: an older answer comes too late
    this.asking = null; // the frame that is being asked for
    this.again = false; // values have moved on meanwhile
    this.fetching = null; // the table that is being asked for
  }

  refresh() { // the values have changed
    const frame = this.lookup();
    if (frame) {
      this.epoch += 1; // whatever the kernel still answers is older than this picture
      this.stage.display(frame);
      this.link.tell(this.stage.values);
    } else this.ask();
  }

  key(name) {
    return name + JSON.stringify(Object.entries(this.stage.values).filter(([n]) => n !== name).sort());
  }

  lookup() {
    for (const name of this.recent) {
      const table = this.tables.get(this.key(name));
      if (!table) continue;
      const index = table.values.indexOf(this.stage.values[name]);
      if (index >= 0) return table.frames[index];
    }
    return null;
  }

  ask() {
    if (!this.link.live) return;
    if (this.asking) { this.again = true; return; }
    this.asking = { epoch: this.epoch, key: `f${++this.epoch}` };
    this.again = false;
    this.link.send({ kind: "frame", key: this.asking.key, values: this.stage.values });
  }

  moved(name) { // its table first, when the hand rests
    this.recent = [name, ...this.recent.filter((n) => n !== name)];
    this.refresh();
    this.settle();
  }

  want(name) { // a hand comes near
    if (!this.stage.control(name).table) return;
    this.recent = [name, ...this.recent.filter((n) => n !== name)];
    this.fetch();
  }

  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.fetch(), SETTLE);
  }

  fetch() {
    if (!this.link.live || this.fetching || !this.stage.visible) return;
    const wanted = (control) => control.table && !control.large && !this.tables.has(this.key(control.name));
    const name = this.recent.find((n) => wanted(this.stage.control(n)));
    if (!name) return;
    this.fetching = this.key(name);
    this.link.send({ kind: "table", control: name, key: this.fetching, values: this.stage.values });
  }

  receive(message, buffers) {
    const { stage } = this;
    if (message.kind === "table") {
      this.keep(message.key, { values: message.values, frames: decode(message, bytesOf(buffers[0])), bytes: buffers[0].byteLength });
      this.fetching = null;
      if (this.asking) { const frame = this.lookup(); if (frame) { this.epoch += 1; stage.display(frame); } }
      this.settle();
    } else if (message.kind === "no-table") {
      stage.control(message.control).large = true;
      this.fetching = null;
      this.settle();
    } else if (message.kind === "frame") {
      const mine = this.asking && this.asking.key === message.key;
      if (!message.key) for (const [name, value] of Object.entries(message.values)) stage.adopt(name, value);
      if (!message.key || (mine && this.epoch === Number(message.key.slice(1)))) stage.display(decode(message, bytesOf(buffers[0]))[0]);
      if (mine) { this.asking = null; if (this.again) this.refresh(); }
    } else if (message.kind === "error") {
      if (this.asking && this.asking.key === message.key) { this.asking = null; stage.fail(message.sentence); if (this.again) this.refresh(); }
      if (this.fetching === message.key) { this.fetching = null; stage.control(this.recent[0]).large = true; }
    }
  }

  keep(key, table) {
    this.tables.delete(key);
    this.tables.set(key, table);
    let total = 0;
    for (const [k, t] of [...this.tables].reverse()) { total += t.bytes; if (total > TABLE_BUDGET && k !== key) this.tables.delete(k); }
  }

  close() {
    clearTimeout(this.settling);
    this.tables.clear();
  }
}
