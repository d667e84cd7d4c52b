// Whether somebody answers: the kernel behind a figure or a question of a notebook.
// A kernel that was restarted or has ended has forgotten the figure; only running the cell again helps. A line that is cut, a machine
// that slept, a kernel that says nothing with nothing else to do: gone until something is heard.

const PATIENCE = 5000; // ms in which a kernel with nothing else to do answers
const ENDED = ["restarting", "autorestarting", "dead", "terminating"];

export class Pulse {
  constructor(model, changed) { // `model` is anywidget's; changed(alive) is called when that has changed
    Object.assign(this, { model, changed, alive: true, ended: false, waiting: null, knocking: null });
    const manager = model.widget_manager, kernel = (this.kernel = manager?.kernel);
    this.watched = Boolean(manager); // a lecture has none, and looks after its notebook itself
    this.ear = { // JupyterLab's signals; other front ends have none
      statusChanged: (_, status) => { if (ENDED.includes(status)) this.end(); },
      connectionStatusChanged: () => this.line(),
      disposed: () => this.end(),
    };
    for (const [signal, hear] of Object.entries(this.ear)) kernel?.[signal]?.connect(hear);
    if (kernel === null || kernel?.isDisposed || ENDED.includes(kernel?.status)) queueMicrotask(() => this.end());
  }

  send(message) {
    if (this.ended) return;
    try {
      this.model.send(message);
    } catch { // the kernel's channel is closed
      this.end();
      return;
    }
    if (message.kind !== "values" && this.alive) this.wait(); // these are told, not asked
  }

  wait() {
    if (this.watched) this.waiting ??= setTimeout(() => this.late(), PATIENCE);
  }

  heard() {
    clearTimeout(this.waiting);
    this.waiting = null;
    if (!this.ended) this.set(true);
  }

  late() {
    this.waiting = null;
    const status = this.kernel?.status ?? "idle";
    if (status === "idle" || status === "unknown") this.set(false);
    else this.wait(); // it works at something else
  }

  line() {
    if (this.kernel.connectionStatus === "connected") this.knock();
    else this.set(false);
  }

  knock() { // is it back?
    clearTimeout(this.knocking);
    if (this.alive || this.ended) return;
    const status = this.kernel?.connectionStatus ?? "connected";
    if (status === "connected") this.send({ kind: "hello", key: null });
    else if (status === "disconnected") this.reconnect(); // JupyterLab has given up; it would take a click in its menu
    this.knocking = setTimeout(() => this.knock(), PATIENCE);
  }

  reconnect() { // one figure for all of a page: each of them has a copy of this file
    const tried = (window.optcourseReconnects ??= new WeakMap()), now = performance.now();
    if (now - (tried.get(this.kernel) ?? -Infinity) < PATIENCE - 500) return;
    tried.set(this.kernel, now);
    this.kernel.reconnect?.().catch((error) => console.warn(`The kernel is still out of reach: ${error}`));
  }

  end() {
    this.ended = true;
    this.set(false);
  }

  set(alive) {
    if (alive === this.alive) return;
    this.alive = alive;
    clearTimeout(this.waiting);
    this.waiting = null;
    clearTimeout(this.knocking);
    if (!alive && !this.ended) this.knocking = setTimeout(() => this.knock(), PATIENCE);
    this.changed(alive);
  }

  close() {
    for (const [signal, hear] of Object.entries(this.ear)) this.kernel?.[signal]?.disconnect(hear);
    clearTimeout(this.waiting);
    clearTimeout(this.knocking);
    this.ended = true;
  }
}
