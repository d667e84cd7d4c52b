// The deck: pages made of the lesson's cells, one on the screen at a time, everything by keyboard. Plain JavaScript; it is put into the
// page behind KaTeX and the explorers' stage.js, whose `render` (live, with the notebook's process) and `renderPage` (tables) it uses.

const root = document.documentElement;
const deck = document.getElementById("deck");
const $ = (id) => document.getElementById(id);
const make = (tag, options = {}, ...children) => {
  const node = Object.assign(document.createElement(tag), options);
  node.append(...children);
  return node;
};
const packed = new Map([...deck.querySelectorAll("script[type='application/json']")].map((script) => [script.id, script]));
const dataOf = (node) => JSON.parse(packed.get(node.dataset.from).textContent); // only when it is shown: a lesson's tables are megabytes
const liveURL = root.dataset.live || ""; // where the notebook's process answers; empty in an export
const unit = () => parseFloat(getComputedStyle(root).fontSize) / 16; // how much larger than in the notebook everything is drawn

// -- questions ----------------------------------------------------------------------------------------------------------------------

let asked = 0;

function questions(holder) {
  const data = dataOf(holder);
  return data.questions.map((question) => {
    const node = question.choices.length ? choices(question) : number(question);
    return question.commit ? node : Object.assign(node, { title: "Quiz" });
  });
}

function block(data, ...children) {
  const node = make("div", { className: "ask" });
  node.append(make("p", { className: "question", id: `ask${++asked}`, innerHTML: (data.commit ? "" : `<strong>${data.label}</strong> `) + data.question }), ...children);
  node.setAttribute("role", "group");
  node.setAttribute("aria-labelledby", `ask${asked}`);
  return node;
}

function afters(data) {
  return make("div", { className: "afters" }, ...data.answers.map(({ says }) => make("div", { innerHTML: says })));
}

function choices(data) {
  const node = block(data), name = `choice${asked}`, told = afters(data);
  const rows = data.choices.map((words, k) => {
    const radio = make("input", { type: "radio", name, id: `${name}-${k}` });
    const label = make("label", { innerHTML: words, htmlFor: radio.id });
    const row = make("div", { className: "choice" }, make("kbd", { textContent: k + 1 }), radio, label, make("em"));
    row.firstChild.setAttribute("aria-hidden", "true");
    if (data.commit) {
      const hands = make("input", { type: "number", min: 0, max: 999, className: "hands", placeholder: "hands" });
      hands.setAttribute("aria-label", `hands up for answer ${k + 1}`);
      hands.addEventListener("input", () => {
        const counts = [...node.querySelectorAll(".hands")].map((box) => Math.max(0, Number(box.value) || 0)), total = counts.reduce((a, b) => a + b, 0);
        rows.forEach((other, i) => other.style.setProperty("--share", total ? counts[i] / total : 0));
      });
      row.append(hands);
    }
    return row;
  });
  const show = () => {
    const pick = rows.findIndex((row) => row.querySelector("[type=radio]").checked);
    if (pick < 0) { say("Choose an answer first: its number, or Tab to the answers."); return; }
    [...told.children].forEach((child, k) => child.classList.toggle("shown", k === pick));
    const { truth } = data.answers[pick];
    rows.forEach((row, k) => {
      row.classList.toggle("mine", k === pick);
      row.classList.toggle("true", k === truth);
      row.querySelector("em").textContent = [k === pick && "you said", k === truth && (data.commit ? "✓ this happens" : "✓ right")].filter(Boolean).join(", ");
    });
    announce(told.children[pick].textContent);
  };
  node.append(make("fieldset", {}, make("legend", { className: "visually-hidden", textContent: "Answers" }), ...rows));
  if (!data.commit) node.addEventListener("change", show);
  else {
    const button = make("button", { type: "button", textContent: "Show what comes out" });
    button.addEventListener("click", show);
    node.append(make("div", { className: "act" }, button, make("span", { innerHTML: "<kbd>1</kbd>–<kbd>" + rows.length + "</kbd> choose, <kbd>Enter</kbd> shows" })));
  }
  node.append(told);
  node.pick = (k) => { const radio = rows[k]?.querySelector("[type=radio]"); if (radio) { radio.checked = true; radio.dispatchEvent(new Event("change", { bubbles: true })); } };
  node.show = show;
  return node;
}

function number(data) {
  const node = block(data), told = afters(data);
  const box = make("input", { type: "text", inputMode: "decimal", className: "number", size: 10 });
  box.setAttribute("aria-label", "The number that the class agrees on" + (data.unit ? ` (${data.unit})` : ""));
  const show = () => {
    const guess = Number(box.value.trim().replace(",", ".") || NaN);
    if (!Number.isFinite(guess)) { say("Type a number first, for instance 0.5 or 1e-3 (Tab goes to the box)."); return; }
    const right = Math.abs(guess - data.answer) <= 1e-12 + data.tolerance * Math.abs(data.answer);
    [...told.children].forEach((child, k) => {
      child.classList.toggle("shown", k === (right ? 0 : 1));
      child.innerHTML = data.answers[k].says.replace("{guess}", () => `${guess} ${data.unit || ""}`.trim());
    });
    announce(told.querySelector(".shown").textContent);
  };
  const button = make("button", { type: "button", textContent: "Show what comes out" });
  button.addEventListener("click", show);
  box.addEventListener("keydown", (event) => { if (event.key === "Enter") show(); });
  node.append(make("div", { className: "act" }, box, data.unit || "", button), told);
  node.pick = () => box.focus();
  node.show = show;
  return node;
}

// -- pages ----------------------------------------------------------------------------------------------------------------------------

// One size of letters for prose, a smaller one for what is long; a question may be set larger. Sizes that change from slide to slide
// are read as if they meant something.
const DENSITIES = [1.25, 1, 0.86, 0.74];
const spills = (slide) => {
  const body = slide.lastBody;
  const slack = 3 * unit(); // another size of window rounds in another way
  const last = body.lastElementChild; // a figure takes the room that there is
  const end = last && !last.matches(".figure") ? last.getBoundingClientRect().bottom : 0;
  return end > body.getBoundingClientRect().bottom - slack || body.scrollHeight > body.clientHeight || body.scrollWidth > body.clientWidth;
};

function newSlide(section, title, again) {
  const slide = make("section", { className: "slide", tabIndex: -1 });
  slide.section = section;
  if (again) slide.classList.add("again");
  slide.append(make("h2", { innerHTML: title }));
  slide.lastBody = make("div", { className: "body" });
  slide.append(slide.lastBody);
  deck.append(slide);
  return slide;
}

// The largest letters with which it all fits, and no line of code breaks, if that can be.
function fillSlide(slide, units) {
  slide.lastBody.append(...units);
  const question = units.every((node) => node.matches(".ask")), sizes = DENSITIES.slice(question ? 0 : 1);
  const fits = (density) => { slide.style.setProperty("--d", density); return !spills(slide); };
  slide.classList.add("straight");
  const straight = slide.querySelector("pre") && sizes.some(fits);
  slide.classList.remove("straight");
  return straight || sizes.some(fits);
}

// Another size of window rounds letters in another way, and a line may break that did not: a little smaller, then.
function tighten(slide) {
  for (const density of DENSITIES) {
    if (density >= Number(slide.style.getPropertyValue("--d") || 1)) continue;
    if (!slide.querySelector(".body") || slide.matches(".opening") || !spills(slide)) return;
    slide.style.setProperty("--d", density);
  }
}

// What must stay with what follows it: "Here is the table:", a bold line that heads a list, code before what it printed.
const leads = (node) => node.printed || (node.matches("p") && (/:\s*$/.test(node.textContent) || (node.children.length === 1 && node.firstElementChild.matches("strong") && node.textContent.trim() === node.firstElementChild.textContent)));
const large = (node) => node.matches(".figure, .ask");

function unitsOf(section) {
  const units = [];
  for (const cell of section.querySelectorAll(":scope > .cell")) {
    if (cell.matches(".markdown")) {
      const parts = [...cell.children];
      if (cell.matches(".fragment")) parts.forEach((part) => part.classList.add("fragment"));
      units.push(...parts);
    } else if (cell.matches(".questions")) units.push(...questions(cell));
    else {
      const parts = cell.matches(".loose") ? [...cell.children] : [cell];
      parts.slice(0, -1).forEach((part) => { part.printed = true; });
      units.push(...parts);
    }
  }
  return units;
}

// How much of a slide may stand above a question; above a figure nothing may.
const beside = (node) => (node.matches(".ask") ? 0.45 : 0);
const SPOKEN = 320; // letters: so much before a figure is said, and needs no slide

// The units of one page: as few pages as there must be, and these about equally full.
function share(units, measure) {
  const heights = units.map((node) => measure.get(node)), room = measure.room;
  const best = [{ pages: 0, worst: 0, from: -1 }];
  for (let end = 1; end <= units.length; end++) {
    best[end] = { pages: Infinity, worst: Infinity, from: end - 1 };
    for (let start = end - 1, height = 0; start >= 0; start--) {
      height += heights[start];
      const alone = start === end - 1;
      if (!alone && (height > room || units.slice(start, end).some((node) => node.title))) continue; // a question of the quiz stands alone
      const bigs = units.slice(start, end).filter(large).length;
      if (bigs && !alone && (bigs > 1 || !large(units[end - 1]) || height - heights[end - 1] > room * beside(units[end - 1]))) continue;
      const pages = best[start].pages + 1 + (end < units.length && leads(units[end - 1]) ? 0.5 : 0), worst = Math.max(best[start].worst, height);
      if (pages < best[end].pages || (pages === best[end].pages && worst < best[end].worst)) best[end] = { pages, worst, from: start };
    }
  }
  const out = [];
  for (let end = units.length; end > 0; end = best[end].from) out.unshift(units.slice(best[end].from, end));
  return out;
}

// A table or a list that is higher than a slide, in pieces that are not.
function inPieces(node, height, room) {
  const many = Math.ceil((height / room) * 1.15);
  const holder = node.matches("table") ? node.tBodies[0] : node;
  const rows = [...holder.children], each = Math.ceil(rows.length / many);
  return Array.from({ length: Math.ceil(rows.length / each) }, (_, k) => {
    const piece = node.cloneNode(true), into = node.matches("table") ? piece.tBodies[0] : piece;
    into.replaceChildren(...rows.slice(k * each, (k + 1) * each).map((row) => row.cloneNode(true)));
    if (node.matches("ol")) piece.start = (node.start || 1) + k * each;
    return piece;
  });
}

function measureAll(units, section) {
  const slide = newSlide(section, "x", false);
  slide.style.setProperty("--d", 0.88);
  const measure = new Map();
  measure.room = slide.lastBody.clientHeight;
  for (let k = 0; k < units.length; k++) {
    const node = units[k];
    slide.lastBody.append(node);
    const height = node.getBoundingClientRect().height;
    if (height > measure.room && node.matches("table, ul, ol") && !node.pieced) {
      const pieces = inPieces(node, height, measure.room);
      pieces.forEach((piece) => { piece.pieced = true; });
      units.splice(k--, 1, ...pieces);
      node.remove();
      continue;
    }
    const gap = 0.72 * parseFloat(getComputedStyle(slide.lastBody).fontSize);
    measure.set(node, node.matches(".figure") ? measure.room * 0.72 : node.getBoundingClientRect().height + gap);
  }
  measure.room += 0.72 * parseFloat(getComputedStyle(slide.lastBody).fontSize);
  slide.remove();
  return measure;
}

// No slide of a sentence or two before its figure: the speaker says them.
function speakBefore(figure, group) {
  const end = group.indexOf(figure);
  let start = end;
  while (start && group[start - 1].matches("p")) start--;
  const words = group.slice(start, end);
  const begins = !start || group[start - 1].matches(".figure"); // else the words belong to what stands above them
  if (!words.length || !begins || words.reduce((sum, node) => sum + node.textContent.length, 0) > SPOKEN) return;
  group.splice(start, words.length);
  figure.spoken = words.map((node) => node.outerHTML).join("");
}

function compose() {
  let title = "";
  for (const section of [...deck.querySelectorAll(":scope > section.source")]) {
    const units = unitsOf(section);
    section.remove();
    // every heading begins a page
    const groups = [[]];
    for (const node of units) {
      if (/^H[1-3]$/.test(node.tagName)) groups.push([node]);
      else groups[groups.length - 1].push(node);
    }
    for (const group of groups.filter((g) => g.length)) {
      let again = true, opening = false;
      if (/^H[1-3]$/.test(group[0].tagName)) {
        const heading = group.shift();
        title = heading.innerHTML;
        again = false;
        opening = heading.tagName === "H1";
      }
      if (opening) {
        const slide = newSlide(section, title, false);
        slide.classList.add("opening");
        slide.lastBody.append(...group.splice(0, group[0]?.matches("p") ? 1 : 0));
        again = true;
        if (!group.length) continue;
      }
      if (!group.length) { newSlide(section, title, again); continue; }
      for (const figure of group.filter((node) => node.matches(".figure"))) speakBefore(figure, group);
      for (const page of share(group, measureAll(group, section))) {
        let rest = page;
        while (rest.length) {
          const slide = newSlide(section, rest[0].title || title, again && rest[0].title !== "Quiz"), held = [];
          again = true;
          while (!fillSlide(slide, rest) && rest.length > 1) held.unshift(rest.pop());
          if (spills(slide)) { // one thing that is larger than a slide
            slide.lastBody.classList.add("scrolls", "more");
            slide.lastBody.tabIndex = 0;
          }
          const figure = slide.querySelector(".figure");
          if (figure) { slide.classList.add("picture"); slide.spoken = figure.spoken; }
          rest = held;
        }
      }
    }
  }
}

// -- live figures --------------------------------------------------------------------------------------------------------------------

function bytes64(text) {
  return Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
}

// What anywidget would hand to stage.js, with a request to the notebook's process in place of a kernel's channels.
function modelOf(data, figure, lost) {
  const raw = bytes64(data.first.data);
  const state = { spec: data.spec, values: data.values, first: data.first.meta, first_data: new DataView(raw.buffer) };
  const hearers = new Set();
  return {
    get: (key) => state[key],
    on: (event, hear) => { if (event === "msg:custom") hearers.add(hear); }, // there is one view of a figure: nobody else moves it
    off: (_, hear) => hearers.delete(hear),
    send: async (message) => {
      try {
        const answer = await fetch(liveURL, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ figure: Number(figure), message }) });
        if (answer.status === 204) return;
        if (!answer.ok) throw new Error(await answer.text());
        const buffer = await answer.arrayBuffer(), size = new DataView(buffer).getUint32(0, true);
        const words = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, 4, size)));
        for (const hear of hearers) hear(words, [new DataView(buffer, 4 + size)]);
      } catch (error) { lost(error); }
    },
  };
}

let connected = Boolean(liveURL);

function wake(slide) {
  for (const holder of slide?.querySelectorAll(".figure:not([data-awake])") ?? []) {
    holder.dataset.awake = "true";
    const data = dataOf(holder);
    if (connected) {
      render({ model: modelOf(data, holder.dataset.figure, (error) => disconnect(error)), el: holder });
    } else renderPage(holder, data, holder.dataset.call ? window.optcourse.python : null);
    arrange(holder);
  }
}

function disconnect(error) {
  if (!connected) return;
  connected = false;
  console.warn(`The notebook's process does not answer: ${error.message}`);
  say("The notebook's process does not answer any more. The sliders go on by their tables, one at a time.", 12000);
  anew();
  const waiting = setInterval(async () => { // it is run again by itself
    const found = await fetch(liveURL.replace(/ask$/, "alive")).catch(() => null);
    if (found?.status !== 204) return;
    clearInterval(waiting);
    connected = true;
    say("The notebook's process answers again.", 6000);
    anew();
  }, 2000);
}

function anew() { // every figure that is drawn, by what answers now
  for (const holder of deck.querySelectorAll(".figure[data-awake]")) {
    holder.stage.close();
    holder.replaceChildren();
    delete holder.dataset.awake;
  }
  wake(slides[now]);
}

// The figure is the slide: its picture to the left and top edge, and beside it the controls that the lesson names.
function arrange(holder) {
  const { stage } = holder, named = (holder.dataset.controls || "").split(" ").filter(Boolean);
  const names = named.length ? named : stage.spec.slide;
  const shown = names.filter((name) => stage.controls.has(name)).map((name) => stage.controls.get(name).row), rows = stage.root.querySelector(".oc-controls");
  for (const { row } of stage.controls.values()) row.hidden = !shown.includes(row);
  if (named.length) for (const row of shown) row.classList.remove("oc-extra"); // what the lesson names is no extra
  stage.title.textContent = holder.closest(".slide").querySelector("h2").textContent;
  holder.fit = () => { // in a small window the last ones may find no room
    for (const row of shown) row.hidden = false;
    stage.fit();
    for (let k = shown.length - 1; k > 0 && rows.scrollHeight > rows.clientHeight + 1; k--) { shown[k].hidden = true; stage.fit(); }
  };
  stage.tools.spread(true);
  holder.fit();
}

// -- moving ----------------------------------------------------------------------------------------------------------------------------

let slides = [], now = 0, plan = [];
const current = () => slides[now];

function show(index, { end = false, focus = true } = {}) {
  const to = Math.max(0, Math.min(slides.length - 1, index));
  if (to !== now) for (const holder of current()?.querySelectorAll(".figure[data-awake]") ?? []) holder.stage?.pause();
  now = to;
  slides.forEach((slide, k) => { slide.classList.toggle("now", k === now); slide.inert = k !== now && !root.classList.contains("overview"); });
  for (const part of current().querySelectorAll(".fragment")) part.classList.toggle("shown", end);
  wake(current());
  if (focus) giveBack();
  $("page").textContent = `${now + 1} / ${slides.length}`;
  $("where").textContent = `${deck.dataset.title} · ${current().querySelector("h2").textContent}`;
  history.replaceState(null, "", `#${now + 1}`);
  drawTime();
  drawNotes();
  (window.requestIdleCallback || setTimeout)(() => wake(slides[now + 1]));
}

function next() {
  startTime();
  const part = current().querySelector(".fragment:not(.shown)");
  if (part) {
    part.classList.add("shown");
    announce(part.textContent);
  } else if (now < slides.length - 1) show(now + 1);
  else say("This is the last slide.");
}

function back() {
  const shown = [...current().querySelectorAll(".fragment.shown")].pop();
  if (shown) shown.classList.remove("shown");
  else if (now > 0) show(now - 1, { end: true });
}

function jumpSection(by) {
  const heads = slides.map((slide, k) => k).filter((k) => !slides[k].classList.contains("again"));
  const goal = by > 0 ? heads.find((k) => k > now) : heads.filter((k) => k < now).pop();
  if (goal !== undefined) { startTime(); show(goal); }
}

function giveBack() {
  current().focus({ preventScroll: true });
  signKeys();
}

// Where a key goes is where the focus is, and the sign in the foot says so.
const within = (node) => node && node !== current() && current()?.contains(node);

function signKeys() {
  const figure = within(document.activeElement);
  $("keys").classList.toggle("taken", Boolean(figure));
  $("keys").textContent = figure ? (document.activeElement.closest(".figure") ? "Keys: figure · Esc gives them back" : "Keys: this slide's controls · Esc gives them back") : "Keys: slides";
}

function focusFigure() {
  const rows = [...current().querySelectorAll(".figure .oc-control")].filter((row) => !row.hidden);
  const moved = rows.map((row) => row.querySelector("input[type=range]:enabled, select:enabled, input[type=checkbox]:enabled")).find(Boolean);
  const first = moved || current().querySelector(".figure .oc-control input:enabled, .ask input, .body.scrolls, pre[tabindex]");
  if (first) first.focus();
  else say("There is nothing to move on this slide.");
}

function figureStage() {
  const stage = current().querySelector(".figure[data-awake]")?.stage;
  if (stage && !stage.bar.hidden) return stage;
  say("There is no run to play on this slide.");
  return null;
}

// -- time --------------------------------------------------------------------------------------------------------------------------------

const length = Number(deck.dataset.minutes);
const time = { spent: 0, since: null };
const minutes = () => (time.spent + (time.since === null ? 0 : performance.now() - time.since)) / 60000;
const startTime = () => { if (!time.begun) { time.begun = true; time.since = performance.now(); } };

function toggleTime() {
  time.begun = true;
  if (time.since === null) time.since = performance.now();
  else { time.spent += performance.now() - time.since; time.since = null; }
  drawTime();
}

function drawTime() {
  const gone = minutes(), left = length - gone, planned = (plan[now] ?? 0) * length, ahead = planned - gone;
  const words = left >= 0 ? `${Math.ceil(left)} min left` : `${Math.ceil(-left)} min over`;
  const pace = !time.begun ? "" : Math.abs(ahead) < 1.5 ? " · on time" : ahead > 0 ? ` · ${Math.round(ahead)} min in hand` : ` · ${Math.round(-ahead)} min behind`;
  $("time").textContent = words + pace;
  $("time").classList.toggle("late", left < 0);
  $("time").classList.toggle("paused", Boolean(time.begun && time.since === null));
  $("gone").style.width = `${Math.min(100, (100 * gone) / length)}%`;
  $("place").style.left = `${100 * (plan[now] ?? 0)}%`;
  if (!speaker) return;
  speaker.document.getElementById("time").textContent = `${new Date().toTimeString().slice(0, 5)} · ${words}${pace}`;
  drawThumbs(); // a figure may have moved
}

function makePlan() {
  const counts = new Map();
  for (const slide of slides) counts.set(slide.section, (counts.get(slide.section) ?? 0) + 1);
  const cost = slides.map((slide) => Number(slide.section.dataset.minutes || 0) / counts.get(slide.section) || 0.5);
  const total = cost.reduce((a, b) => a + b, 0);
  let sum = 0;
  plan = cost.map((c) => { const start = sum; sum += c; return start / total; });
}

// -- words for the speaker and the class ---------------------------------------------------------------------------------------------------

let speaker = null, quiet = 0;

function say(words, ms = 5000) {
  $("blurb").textContent = words;
  clearTimeout(quiet);
  quiet = setTimeout(() => { $("blurb").textContent = ""; }, ms);
}

function announce(words) {
  $("spoken").textContent = words;
}

function notesHTML() {
  const { spoken = "", section } = current(), notes = section.querySelector(".notes")?.innerHTML || "";
  return spoken + notes || "<p>No notes for this slide.</p>";
}

function drawNotes() {
  $("notes").innerHTML = notesHTML();
  if (!speaker) return;
  const there = speaker.document;
  there.getElementById("now").textContent = `${now + 1} / ${slides.length}   ${current().querySelector("h2").textContent}`;
  there.getElementById("words").innerHTML = notesHTML();
  drawThumbs();
  there.getElementById("next").innerHTML = slides.slice(now + 1, now + 4).map((slide, k) => `<li>${now + k + 2}. ${slide.querySelector("h2").textContent}${slide.querySelector(".figure") ? " (figure)" : slide.querySelector(".ask") ? " (question)" : ""}</li>`).join("") || "<li>This is the last slide.</li>";
}

// This slide and the next one, small: what is drawn on canvases is copied as it looks now.
function drawThumbs() {
  if (!speaker) return;
  [now, now + 1].forEach((index, k) => {
    const place = speaker.document.getElementById(`thumb${k}`), slide = slides[index];
    if (!slide) { place.replaceChildren(); return; }
    wake(slide);
    const copy = speaker.document.importNode(slide, true), drawn = slide.querySelectorAll("canvas");
    copy.querySelectorAll("canvas").forEach((canvas, i) => {
      canvas.width = drawn[i].width;
      canvas.height = drawn[i].height;
      if (drawn[i].width && drawn[i].height) canvas.getContext("2d").drawImage(drawn[i], 0, 0);
    });
    for (const node of copy.querySelectorAll("[id]")) node.removeAttribute("id");
    copy.removeAttribute("id");
    copy.inert = true;
    copy.setAttribute("aria-hidden", "true");
    place.replaceChildren(copy);
  });
}

// The page writes the window itself: that works from a file and without any network.
function openSpeaker() {
  speaker = window.open("", "optcourse-speaker", "popup,width=900,height=760");
  if (!speaker) {
    $("notes").hidden = false;
    say("The browser did not allow a second window; the notes are shown here (N hides them).");
    return;
  }
  speaker.document.open();
  const sheets = [...document.querySelectorAll("style")].map((sheet) => sheet.textContent).join("\n");
  speaker.document.write(`<!doctype html><html lang="en" class="speaker" data-theme="${root.dataset.theme}"><head><title>Speaker: ${deck.dataset.title}</title><style>${sheets}</style></head>
    <body data-jp-theme-light="${document.body.dataset.jpThemeLight}"><main><header><h1 id="now"></h1><p id="time"></p></header>
    <div class="thumbs"><figure><div class="thumb" id="thumb0"></div><figcaption>This slide</figcaption></figure><figure><div class="thumb" id="thumb1"></div><figcaption>Next</figcaption></figure></div>
    <div id="words"></div><ul id="next" class="visually-hidden"></ul>
    <p class="keys">The deck's keys work in this window too: arrows, Space, B, O, T.</p></main></body></html>`);
  speaker.document.close();
  speaker.addEventListener("keydown", (event) => { if (event.key !== "Tab") onKey(event, true); });
  speaker.addEventListener("pagehide", () => { speaker = null; });
  drawNotes();
  drawTime();
}

function theme(dark) {
  root.dataset.theme = dark ? "dark" : "light";
  document.body.dataset.jpThemeLight = String(!dark);
}

function overview(on) {
  root.classList.toggle("overview", on);
  if (on) slides.forEach((slide) => { slide.inert = false; wake(slide); });
  show(now);
  current().scrollIntoView({ block: "center" });
  if (on) say("Arrows choose, Enter opens, Escape goes back to where you were.");
}

// -- keys -------------------------------------------------------------------------------------------------------------------------------

const KEYS = {
  ArrowRight: next, " ": next, PageDown: next, Enter: () => (current().querySelector(".ask") ? current().querySelector(".ask").show() : next()),
  ArrowLeft: back, PageUp: back, Backspace: back,
  ArrowDown: () => jumpSection(1), ArrowUp: () => jumpSection(-1),
  Home: () => show(0), End: () => show(slides.length - 1),
  f: focusFigure,
  p: () => figureStage()?.toggle(),
  ",": () => { const stage = figureStage(); if (stage) { stage.pause(); stage.go(stage.at() - 1); } },
  ".": () => { const stage = figureStage(); if (stage) { stage.pause(); stage.go(stage.at() + 1); } },
  r: () => current().querySelector(".figure[data-awake]")?.stage.reset(),
  a: () => { for (const part of current().querySelectorAll(".fragment")) part.classList.toggle("shown"); },
  s: openSpeaker,
  n: () => { $("notes").hidden = !$("notes").hidden; },
  o: () => overview(true),
  g: () => { $("jump").showModal(); $("jump").querySelector("input").value = ""; },
  b: () => { $("black").hidden = !$("black").hidden; },
  t: toggleTime,
  T: () => { time.spent = 0; time.since = null; time.begun = false; drawTime(); },
  d: () => theme(root.dataset.theme !== "dark"),
  "?": () => $("help").showModal(),
};

function onOverviewKey(event) {
  const columns = getComputedStyle(deck).gridTemplateColumns.split(" ").length;
  const by = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns, ArrowUp: -columns, PageDown: 3 * columns, PageUp: -3 * columns }[event.key];
  event.preventDefault();
  if (by) { show(now + by); current().scrollIntoView({ block: "nearest" }); }
  else if (event.key === "Enter" || event.key === " ") overview(false);
  else if (event.key === "Escape" || event.key === "o") { now = overview.from; overview(false); }
}

function onKey(event, elsewhere = false) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (document.querySelector("dialog[open]")) return; // its own keys; Escape closes it
  const key = event.key.length === 1 && event.key !== "T" ? event.key.toLowerCase() : event.key;
  if (!$("black").hidden) { event.preventDefault(); $("black").hidden = true; return; } // any key brings the picture back
  if (root.classList.contains("overview")) return onOverviewKey(event);
  if (key === "Escape") {
    event.preventDefault();
    if (within(document.activeElement)) giveBack(); else { $("notes").hidden = true; giveBack(); }
    return;
  }
  const clicker = key === "PageDown" || key === "PageUp"; // what a presenter's clicker sends: always the slide's, never a slider's
  if (!elsewhere && within(document.activeElement) && !clicker) return; // the control has the key, and only the control
  if (/^[1-9]$/.test(key) && current().querySelector(".ask")) { event.preventDefault(); current().querySelector(".ask").pick(Number(key) - 1); return; }
  if (key === "o") overview.from = now;
  const act = KEYS[key];
  if (!act) return;
  event.preventDefault();
  event.stopPropagation();
  act();
}

// -- paper --------------------------------------------------------------------------------------------------------------------------------

let before = null;

function toPaper() {
  if (before) return;
  before = { theme: root.dataset.theme, size: root.style.fontSize };
  root.style.fontSize = "20px"; // what the print style sheet uses, so that figures are drawn for it
  theme(false);
  slides.forEach(wake);
  refit();
}

function refit() {
  slides.forEach(tighten);
  for (const holder of deck.querySelectorAll(".figure[data-awake]")) holder.fit();
}

function fromPaper() {
  if (!before) return;
  root.style.fontSize = before.size;
  theme(before.theme === "dark");
  before = null;
  refit();
}

// -- beginning ------------------------------------------------------------------------------------------------------------------------------

async function begin() {
  root.classList.add("running");
  theme(root.dataset.theme === "dark");
  renderMathInElement(deck, { delimiters: [{ left: "$$", right: "$$", display: true }, { left: "$", right: "$", display: false }], throwOnError: false, strict: "ignore" });
  await Promise.all([...document.fonts].map((font) => font.load())); // pages are measured with the fonts that they are shown with
  compose();
  slides = [...deck.querySelectorAll(":scope > .slide")];
  slides.forEach((slide, k) => {
    slide.id = `slide-${k + 1}`;
    slide.setAttribute("role", "group");
    slide.setAttribute("aria-roledescription", "slide");
    slide.setAttribute("aria-label", `${k + 1} of ${slides.length}: ${slide.querySelector("h2").textContent}`);
    slide.append(make("div", { className: "folio", textContent: `${deck.dataset.title}   ${k + 1}` }));
    slide.addEventListener("click", () => { if (root.classList.contains("overview")) { now = k; overview(false); } });
  });
  makePlan();
  window.addEventListener("keydown", onKey, true);
  document.addEventListener("focusin", signKeys);
  document.addEventListener("focusout", () => setTimeout(signKeys));
  deck.addEventListener("pointerup", (event) => { if (!within(event.target.closest("input, select, button, canvas, label, a, summary, pre"))) giveBack(); });
  $("jump").addEventListener("close", () => { const to = Number($("jump").querySelector("input").value); if (to >= 1) { startTime(); show(to - 1); } else giveBack(); });
  $("help").addEventListener("close", giveBack);
  for (const [id, act] of [["go-back", back], ["go-on", next], ["get-help", KEYS["?"]]]) $(id).addEventListener("click", act);
  window.addEventListener("beforeprint", toPaper);
  window.addEventListener("afterprint", fromPaper);
  window.addEventListener("pagehide", () => speaker?.close());
  window.addEventListener("hashchange", () => { const to = Number(location.hash.slice(1)); if (to >= 1 && to - 1 !== now) show(to - 1); });
  let resizing = 0;
  window.addEventListener("resize", () => {
    cancelAnimationFrame(resizing);
    resizing = requestAnimationFrame(() => { if (!before) refit(); });
  });
  show(Number(location.hash.slice(1)) - 1 || 0);
  setInterval(drawTime, 1000);
  root.dataset.ready = "true";
}

begin();
