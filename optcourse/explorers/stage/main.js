// The live figure in the browser: draws scenes on a canvas, moves sliders over tables of frames that the kernel sent ahead,
// and asks for single frames where no table covers a value. Plain JavaScript, no request to anywhere.
// `render` drives it in JupyterLab (through anywidget) and in a lecture, `renderPage` in saved pages.

import { Stage } from "./figure.js";
import { bytesOf, decode, fromBase64, unpack } from "./payload.js";
import { Pulse } from "./pulse.js";

export function render({ model, el }) {
  let waiting = null;
  const pulse = new Pulse(model, (alive) => stage.conversation.changed(alive));
  const link = {
    get live() { return pulse.alive; },
    send: (message) => pulse.send(message),
    tell: (values) => { // the picture is already right; the kernel hears of it when the hand rests
      clearTimeout(waiting);
      waiting = setTimeout(() => pulse.send({ kind: "values", values }), 60);
    },
    share: (values) => model.set?.("moved", { ...values }), // stays in the browser
  };
  const [frame] = decode(model.get("first"), bytesOf(model.get("first_data")));
  const stage = new Stage(el, model.get("spec"), model.get("first").values ?? model.get("values"), frame, link);
  stage.conversation.follow(model.get("moved") ?? model.get("values")); // a second view of a figure that has moved since it was made
  const hear = (message, buffers) => {
    pulse.heard();
    stage.conversation.receive(message, buffers);
  };
  const follow = () => stage.conversation.follow(model.get("moved"));
  model.on("msg:custom", hear);
  model.on("change:moved", follow);
  el.stage = stage;
  return () => {
    model.off("msg:custom", hear);
    model.off("change:moved", follow);
    clearTimeout(waiting);
    pulse.close();
    stage.close();
    delete el.stage;
  };
}

// `python` answers what no table has, where a page has it: `able` until it could not be started, `awake` while it runs, `send(stage, message)`,
// `draws(el)`: the figure has another function of the reader's than the page's own tables.
export function renderPage(el, packed, python = null) {
  const [frame] = decode(packed.first.meta, fromBase64(packed.first.data));
  const covers = new Set(packed.tables.map(({ control }) => control));
  const nobody = { live: false, covers, opening: true, send() {}, tell() {}, share() {} };
  const link = !python ? nobody : {
    ...nobody,
    get live() { return python.able; },
    get asleep() { return !python.awake; },
    send: (message) => python.send(stage, message),
  };
  const still = el.querySelector(":scope > .oc-still");
  const stage = new Stage(el, packed.spec, packed.values, frame, link);
  still?.remove();
  const { conversation } = stage;
  const keys = new Map(packed.tables.map(({ control }) => [control, conversation.key(control)]));
  const open = async () => {
    let broken = "";
    for (const { control, packed: block } of packed.tables) {
      try {
        const { words, data } = await unpack(fromBase64(block));
        conversation.keep(keys.get(control), { values: words.values, frames: decode(words, data), bytes: 0 });
      } catch (error) {
        console.warn(error);
        covers.delete(control);
        broken = `The frames of ${stage.control(control).label} cannot be read, so it does not move. Load the page again.`;
      }
    }
    link.opening = false;
    el.dataset.ready = "true";
    if (python?.draws?.(el)) conversation.forget();
    else conversation.refresh(); // somebody may have moved a slider already
    stage.reach();
    if (broken) stage.fail(broken);
    else stage.tools.follow(window.location.hash);
  };
  const near = new IntersectionObserver((entries) => { // a page has many figures; only those that come near are unpacked
    if (!entries.some((e) => e.isIntersecting)) return;
    near.disconnect();
    open();
  }, { rootMargin: "800px" });
  near.observe(el);
  stage.closed.signal.addEventListener("abort", () => near.disconnect());
  window.addEventListener("hashchange", () => stage.tools.follow(window.location.hash), { signal: stage.closed.signal });
  const notes = ["A saved page."];
  if (keys.size > 1 && !python) notes.push("Moving one control puts the others back where they began.");
  if (keys.size < stage.spec.controls.length && !python) notes.push("What is greyed out needs a kernel: open the notebook to move it.");
  stage.note.textContent = notes.join(" ");
  stage.note.hidden = notes.length === 1;
  stage.reach();
  el.stage = stage;
  return stage;
}

export default { render };
