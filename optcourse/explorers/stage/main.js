// The live figure in the browser: draws scenes on a canvas, moves sliders over tables of frames that the kernel sent ahead,
// and asks for single frames where no table covers a value. Plain JavaScript, no request to anywhere.
// `render` drives it in JupyterLab (through anywidget) and in a lecture, `renderPage` in saved pages.

import { Stage } from "./figure.js";
import { bytesOf, decode, fromBase64, unsqueeze } from "./payload.js";

export function render({ model, el }) {
  let waiting = null;
  const link = {
    live: true,
    send: (message) => model.send(message),
    tell: (values) => { // the picture is already right; the kernel hears of it when the hand rests
      clearTimeout(waiting);
      waiting = setTimeout(() => model.send({ kind: "values", values }), 60);
    },
  };
  const [frame] = decode(model.get("first"), bytesOf(model.get("first_data")));
  const stage = new Stage(el, model.get("spec"), model.get("values"), frame, link);
  const shown = JSON.stringify(model.get("values")) !== JSON.stringify(stage.spec.initial);
  if (shown) stage.conversation.refresh(); // a second view of a figure that has moved since it was made
  const hear = (message, buffers) => stage.conversation.receive(message, buffers);
  model.on("msg:custom", hear);
  el.stage = stage;
  return () => {
    model.off("msg:custom", hear);
    clearTimeout(waiting);
    stage.close();
    delete el.stage;
  };
}

export function renderPage(el, packed) {
  const [frame] = decode(packed.first.meta, fromBase64(packed.first.data));
  const stage = new Stage(el, packed.spec, packed.values, frame, { live: false, send() {}, tell() {} });
  const { conversation } = stage;
  const keys = new Map(packed.tables.map(({ control }) => [control, conversation.key(control)]));
  const unpack = async () => {
    for (const { control, meta, data } of packed.tables) {
      const table = JSON.parse(new TextDecoder().decode(await unsqueeze(meta)));
      conversation.keep(keys.get(control), { values: table.values, frames: decode(table, await unsqueeze(data)), bytes: 0 });
    }
    el.dataset.ready = "true";
    conversation.refresh(); // somebody may have moved a slider already
  };
  const near = new IntersectionObserver((entries) => { // a page has many figures; only those that come near are unpacked
    if (!entries.some((e) => e.isIntersecting)) return;
    near.disconnect();
    unpack().catch((error) => stage.fail(`The frames of this figure cannot be read: ${error}`));
  }, { rootMargin: "800px" });
  near.observe(el);
  stage.closed.signal.addEventListener("abort", () => near.disconnect());
  const notes = ["A saved page."];
  if (keys.size > 1) notes.push("Moving one control puts the others back where they began.");
  if (keys.size < stage.spec.controls.length) notes.push("What is greyed out needs a kernel: open the notebook to move it.");
  stage.note.textContent = notes.join(" ");
  stage.note.hidden = notes.length === 1;
  for (const row of el.querySelectorAll("[data-control]")) {
    if (keys.has(row.dataset.control)) continue; // the others could be moved, and the picture would not follow
    for (const input of row.querySelectorAll("input, select, button")) input.disabled = true;
    row.classList.add("oc-off");
    row.title = "This one needs a kernel: open the notebook to move it.";
  }
  el.stage = stage;
  return stage;
}

export default { render };
