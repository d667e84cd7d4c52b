// What can be done with the whole figure: undo, back to the first setting, a link, a picture to keep, the full screen.

import { element, setText } from "./dom.js";
import { iconButton } from "./icons.js";
import { addressOf, callOf, linkIn, problemWith, wordsOf } from "./links.js";

const SAID = 1800; // ms that a short message stays
const SHARP = 2; // pixels of a saved picture for one of the page
const ROUND = 20; // px round it

export class Tools {
  constructor(stage) {
    this.stage = stage;
    const at = (shape, name, act, key) => iconButton(shape, name, act, { key });
    this.undo = at("undo", "Undo", () => stage.history.undo(), "Z");
    this.undo.setAttribute("aria-disabled", "true");
    this.full = at("full", "Full screen", () => this.fill(), "F");
    this.full.setAttribute("aria-pressed", "false");
    this.toast = element("span", { className: "oc-toast", role: "status" });
    this.node = element("div", { className: "oc-icons", role: "toolbar", "aria-label": "figure" },
      this.undo, at("reset", "Reset", () => stage.reset()), at("link", "Copy a link to this setting", () => this.link()),
      at("save", "Save the picture", () => this.save()), this.full, this.toast);
    document.addEventListener("fullscreenchange", () => this.filled(), { signal: stage.closed.signal });
  }

  say(words) {
    setText(this.toast, words);
    this.toast.classList.add("oc-on");
    clearTimeout(this.saying);
    this.saying = setTimeout(() => { this.toast.classList.remove("oc-on"); setText(this.toast, ""); }, SAID);
  }

  // Link ---------------------------------------------------------------------------------------------------------------

  // On a page the address that shows this setting, in a notebook the call that makes it.
  async link() {
    const { stage } = this, address = Boolean(stage.link.covers), text = address ? addressOf(stage) : callOf(stage);
    try {
      await navigator.clipboard.writeText(text);
      this.say(address ? "Link to this setting copied" : `Copied: ${text}`);
    } catch { // no right to the clipboard: the person copies it from where it stands
      if (address) window.location.hash = new URL(text).hash;
      this.say(address ? "The link is in the address of this page" : text);
    }
  }

  follow(address) { // the setting that an address asks for, once the frames are there
    const { stage } = this, wanted = linkIn(address, stage);
    if (!wanted) return;
    const problem = wanted.problem || problemWith(stage, wanted);
    for (const pin of problem ? [] : wanted.pins) { stage.restore(pin); stage.pins?.add(); }
    if (!problem) stage.restore(wanted);
    stage.root.scrollIntoView({ block: "nearest" });
    const { num_steps: last } = stage.frame;
    if (problem) stage.fail(`${problem} The figure shows its first setting.`);
    else if (wanted.step > (last ?? 0)) stage.fail(`This link asks for step ${wanted.step}; ${last === undefined ? "this figure has no steps" : `this run has ${last}, and the last one is shown`}.`);
  }

  // Picture ------------------------------------------------------------------------------------------------------------

  save() {
    const canvas = this.picture(), name = (this.stage.spec.title || "figure").toLowerCase().replace(/[^a-z0-9]+/g, "-").replace(/^-|-$/g, "");
    const link = element("a", { href: canvas.toDataURL("image/png"), download: `${name}.png` });
    link.click();
    this.say("Picture saved");
  }

  picture() { // title, sentence, the panels as they stand, and the setting in words; two pixels for each of the screen
    const { stage } = this, { painter, layout, root } = stage, { scale } = painter;
    const tone = getComputedStyle(root), token = (one) => tone.getPropertyValue("--oc-" + one).trim(), boxes = stage.panels.map(({ node }) => node.getBoundingClientRect());
    const left = Math.min(...boxes.map((b) => b.left)), top = Math.min(...boxes.map((b) => b.top)), wide = Math.max(...boxes.map((b) => b.right)) - left;
    const high = Math.max(...boxes.map((b) => b.bottom)) - top;
    const canvas = element("canvas"), context = canvas.getContext("2d");
    const font = (size, weight = 400) => { context.font = `${weight} ${size * scale}px ${tone.fontFamily}`; };
    const lines = (words) => {
      const out = [""];
      for (const word of words.split(/\s+/)) {
        const more = `${out[out.length - 1]} ${word}`.trim();
        if (context.measureText(more).width <= wide) out[out.length - 1] = more;
        else out.push(word);
      }
      return out;
    };
    font(15);
    const said = lines(stage.says.textContent), set = lines(wordsOf(stage)), line = 21 * scale, head = ROUND + 28 * scale + said.length * line + 8;
    canvas.width = SHARP * (wide + 2 * ROUND);
    canvas.height = SHARP * (head + high + 10 + set.length * line + ROUND);
    context.scale(SHARP, SHARP);
    context.textBaseline = "top";
    const write = (words, x, y, colour) => { context.fillStyle = colour; context.fillText(words, x, y); };
    context.fillStyle = token("surface");
    context.fillRect(0, 0, canvas.width, canvas.height);
    font(18, 650);
    write(stage.spec.title, ROUND, ROUND, token("ink"));
    font(15);
    said.forEach((words, i) => write(words, ROUND, ROUND + 28 * scale + i * line, token("soft")));
    set.forEach((words, i) => write(words, ROUND, head + high + 10 + i * line, token("soft")));
    layout.sharp(SHARP, () => {
      for (const panel of stage.panels) {
        painter.paint(panel, stage.frame, stage.frame.num_steps === undefined ? null : stage.at(), stage.ui);
        const place = (node) => { const b = node.getBoundingClientRect(); return [b.left - left + ROUND, b.top - top + head, b.width, b.height]; };
        context.drawImage(panel.picture, ...place(panel.place));
        const [x, y] = place(panel.head);
        font(14, 650);
        write(panel.title.textContent, x, y, token("ink"));
        const after = x + context.measureText(panel.title.textContent).width + 8 * scale;
        font(14);
        if (panel.encodes.offsetWidth) write(panel.encodes.textContent, after, y, token("soft"));
        font(12.8);
        for (const item of panel.keys.children) {
          const [kx, ky, , kh] = place(item);
          context.drawImage(item.firstChild, ...place(item.firstChild));
          write(item.textContent, kx + place(item.firstChild)[2] + 4, ky + kh / 2 - 7 * scale, token("ink"));
        }
      }
    });
    return canvas;
  }

  // Full screen --------------------------------------------------------------------------------------------------------

  fill() {
    const { root, ui } = this.stage;
    if (document.fullscreenElement === root) document.exitFullscreen();
    else if (ui.fullscreen) this.show(false);
    else if (root.requestFullscreen) root.requestFullscreen().catch(() => this.show(true));
    else this.show(true); // a telephone that gives no element the screen: over the page
  }

  filled() {
    const now = document.fullscreenElement === this.stage.root;
    if (now !== this.stage.ui.fullscreen) this.show(now);
  }

  show(now) {
    const { stage } = this;
    stage.ui.fullscreen = now;
    stage.root.classList.toggle("oc-over", now);
    this.full.setAttribute("aria-pressed", String(now));
    this.spread(now);
  }

  spread(now) { // the layout of the full screen, and of a slide
    const { stage } = this;
    stage.ui.spread = now;
    stage.root.classList.toggle("oc-slide", now);
    stage.fit();
  }
}
