// The conversation with the kernel: which frame is there already, what is asked for, and what an answer means by now.
// A table of frames is sent when its control is under the pointer, in focus, or was moved last. Where nobody answers, what is
// here goes on moving, and the controls never say another setting than the picture.

import { bytesOf, decode, unpack } from "./payload.js";

const TABLE_BUDGET = 8e6; // bytes of tables that one figure keeps
const FRAMES = 30; // single frames that it keeps
const SETTLE = 120; // ms without input before tables are refreshed

const said = (values) => JSON.stringify(Object.entries(values).sort());

// `stage` has `values`, `visible`, `control(name)`, `adopt(name, value)`, `display(frame)`, `fail(sentence)` and `reach()`: what can be
// moved may have changed. `link` carries the conversation: `live` (somebody answers), `send(message)`, `tell(values)` where the picture is
// right already, and `share(values)` with the other views of the figure. A page says as `covers` which controls have tables, `opening` until
// they are there, and `asleep` while somebody would have to be woken to answer: frames do that, tables never.
export class Conversation {
  constructor(stage, link) {
    Object.assign(this, { stage, link });
    this.own = Math.random().toString(36).slice(2); // another view, or another browser, hears the same answers
    this.tables = new Map(); // by the control and the values of all others
    this.frames = new Map(); // by the values
    this.recent = stage.spec.controls.filter((c) => c.table).map((c) => c.name); // where a frame is looked for first
    this.near = { moved: this.recent[0] }; // whose tables are wanted; the first one, before anybody came near
    this.number = 0; // of the questions
    this.epoch = 0; // goes up with each picture: an older answer comes too late
    this.asking = null; // the frame that is being asked for
    this.again = false; // values have moved on meanwhile
    this.fetching = null; // the table that is being asked for
    this.shown = { ...stage.values }; // the values of the picture
    this.remember(this.shown, stage.frame);
  }

  // What is here -------------------------------------------------------------------------------------------------------

  key(name) {
    return name + said(Object.fromEntries(Object.entries(this.stage.values).filter(([n]) => n !== name)));
  }

  lookup() {
    for (const name of this.recent) {
      const table = this.tables.get(this.key(name));
      if (!table) continue;
      const index = table.values.indexOf(this.stage.values[name]);
      if (index >= 0) return table.frames[index];
    }
    return this.frames.get(said(this.stage.values)) ?? null;
  }

  covered() { // the controls that move without anybody's answer
    return this.link.covers ?? new Set(this.recent.filter((name) => this.tables.has(this.key(name))));
  }

  remember(values, frame) {
    const key = said(values);
    this.frames.delete(key);
    this.frames.set(key, frame);
    const begun = said(this.stage.spec.initial);
    for (const old of this.frames.keys()) if (this.frames.size > FRAMES && old !== begun) this.frames.delete(old);
  }

  keep(key, table) {
    this.tables.delete(key);
    this.tables.set(key, table);
    let total = 0;
    for (const [k, t] of [...this.tables].reverse()) { total += t.bytes; if (total > TABLE_BUDGET && k !== key) this.tables.delete(k); }
    this.stage.layout.reserve(table.frames);
    this.stage.reach();
  }

  // What is asked for --------------------------------------------------------------------------------------------------

  refresh() { // the values have changed
    const frame = this.lookup();
    if (frame) {
      this.show(frame);
      this.link.tell(this.stage.values);
      this.link.share(this.stage.values);
    } else if (this.link.opening) {
      // its table may have it
    } else if (this.link.live) {
      this.link.share(this.stage.values);
      this.ask();
    } else this.restore();
  }

  show(frame, values = this.stage.values) {
    this.epoch += 1; // whatever the kernel still answers is older than this picture
    this.shown = { ...values };
    this.stage.waits(false);
    this.stage.display(frame);
    this.stage.reach();
  }

  restore() { // nobody draws these values: the controls go back to those of the picture
    for (const [name, value] of Object.entries(this.shown)) this.stage.adopt(name, value);
    this.stage.reach();
  }

  ask() {
    if (!this.link.live) return;
    if (this.asking) { this.again = true; return; }
    this.asking = { epoch: ++this.epoch, key: `${this.own}-${++this.number}` };
    this.again = false;
    this.stage.waits(true);
    this.link.send({ kind: "frame", key: this.asking.key, values: this.stage.values });
  }

  moved(name) { // its table first, when the hand rests
    this.recent = [name, ...this.recent.filter((n) => n !== name)];
    this.near.moved = name;
    this.refresh();
    this.settle();
  }

  want(name, how) { // a hand comes near: `how` says by which event
    this.near[how] = name;
    this.fetch();
  }

  leave(name, how) {
    if (this.near[how] === name) delete this.near[how];
  }

  settle() {
    clearTimeout(this.settling);
    this.settling = setTimeout(() => this.fetch(), SETTLE);
  }

  fetch() {
    if (!this.link.live || this.link.asleep || this.fetching || !this.stage.visible) return;
    const wanted = (control) => control.table && !control.large && !this.tables.has(this.key(control.name));
    const { moved, ...hands } = this.near;
    const name = [...Object.values(hands), moved].find((n) => n && wanted(this.stage.control(n)));
    if (!name) return;
    this.fetching = { name, key: this.key(name) };
    this.link.send({ kind: "table", control: name, key: this.fetching.key, values: this.stage.values });
  }

  // What is heard ------------------------------------------------------------------------------------------------------

  async receive(message, buffers) {
    const { stage } = this, mine = this.asking && this.asking.key === message.key;
    if (message.kind === "table") await this.open(message, bytesOf(buffers[0]));
    else if (message.kind === "no-table") this.without(message.control, message.key);
    else if (message.kind === "frame") {
      if (!message.key) { // Python has moved the figure
        for (const [name, value] of Object.entries(message.values)) stage.adopt(name, value);
        this.link.share(stage.values);
      }
      const [frame] = decode(message, bytesOf(buffers[0]));
      this.remember(message.values, frame);
      const current = mine ? this.epoch === this.asking.epoch : said(message.values) === said(stage.values);
      if (mine) this.asking = null;
      if (current) this.show(frame, message.values);
      if (mine && this.again) this.refresh();
    } else if (message.kind === "error") {
      if (mine) { this.asking = null; stage.waits(false); stage.fail(message.sentence, () => this.restore()); if (this.again) this.refresh(); }
      if (this.fetching && this.fetching.key === message.key) this.without(this.fetching.name, message.key);
    }
  }

  async open(message, bytes) { // a table, also one that another view has asked for
    try {
      const { words, data, size } = await unpack(bytes);
      if (this.closed) return;
      this.keep(message.key, { values: words.values, frames: decode(words, data), bytes: size });
      if (this.asking) { const frame = this.lookup(); if (frame) this.show(frame); }
    } catch (error) { // its frames are asked for one by one
      console.error(error);
      this.without(message.control, message.key);
      return;
    }
    this.fetched(message.key);
  }

  without(name, key) { // this control has no table
    this.stage.control(name).large = true;
    this.fetched(key);
  }

  fetched(key) {
    if (this.fetching && this.fetching.key === key) this.fetching = null;
    this.settle();
  }

  follow(values) { // another view of this figure was moved; what it is answered is heard here, too
    if (said(values) === said(this.stage.values)) return;
    for (const [name, value] of Object.entries(values)) this.stage.adopt(name, value);
    const frame = this.lookup();
    clearTimeout(this.behind);
    if (frame) this.show(frame);
    else this.behind = setTimeout(() => { if (said(this.shown) !== said(this.stage.values)) this.ask(); }, SETTLE);
  }

  forget() { // what is drawn has changed, not the values: another function of the reader's
    this.tables.clear();
    this.frames.clear();
    this.asking = this.fetching = null;
    this.ask();
  }

  cancel() { // nobody waits for the answer any more
    this.asking = this.fetching = null;
    this.again = false;
    this.stage.waits(false);
    this.restore();
  }

  changed(alive) { // somebody answers, or nobody does any more
    this.asking = this.fetching = null;
    this.stage.waits(false);
    if (!alive) this.restore();
    else this.settle();
    this.stage.reach();
  }

  close() {
    this.closed = true;
    clearTimeout(this.settling);
    clearTimeout(this.behind);
    this.tables.clear();
    this.frames.clear();
  }
}
