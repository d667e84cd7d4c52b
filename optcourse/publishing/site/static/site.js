// What makes the course's pages alive without a kernel: theme, search, figures that load when they come near, questions, formulas.
// Plain JavaScript, no module and no fetch: browsers refuse both to a page that is opened from a file. Data come as scripts
// that call optcourse.figure(...) and optcourse.index(...).

(() => {
  const up = document.body.dataset.up;
  const find = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  const element = (tag, properties = {}, ...children) => {
    const node = Object.assign(document.createElement(tag), properties);
    node.append(...children);
    return node;
  };

  // What a reader has chosen and answered is kept in this browser; where that is forbidden, for as long as the page is open.
  const memory = new Map();
  const kept = {
    get: (key) => { try { return localStorage.getItem("optcourse:" + key); } catch { return memory.get(key) ?? null; } },
    set: (key, value) => { try { localStorage.setItem("optcourse:" + key, value); } catch { memory.set(key, value); } },
    drop: (key) => { try { localStorage.removeItem("optcourse:" + key); } catch { memory.delete(key); } },
  };

  const script = (src) => new Promise((done, failed) => {
    document.head.append(element("script", { src: up + src, onload: done, onerror: () => failed(new Error(`${src} cannot be loaded`)) }));
  });

  // ---- theme: the system's, until the button says otherwise (the head of each page sets it before anything is drawn) -------

  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme ?? (system.matches ? "dark" : "light")) === "dark";
  const button = find("#theme");
  const showTheme = () => {
    document.body.dataset.jpThemeLight = String(!isDark()); // the figures look here, as they do in JupyterLab
    find("span", button).textContent = isDark() ? "Light" : "Dark";
    button.setAttribute("aria-label", isDark() ? "Use light colours" : "Use dark colours");
  };
  button.addEventListener("click", () => {
    const wanted = isDark() ? "light" : "dark";
    if ((wanted === "dark") === system.matches) { // what the system says: follow it again
      delete document.documentElement.dataset.theme;
      kept.drop("theme");
    } else {
      document.documentElement.dataset.theme = wanted;
      kept.set("theme", wanted);
    }
    showTheme();
  });
  system.addEventListener("change", showTheme);
  showTheme();
  addEventListener("beforeprint", () => { document.body.dataset.jpThemeLight = "true"; }); // ink on paper
  addEventListener("afterprint", showTheme);

  // ---- figures ----------------------------------------------------------------------------------------------------------

  const figures = new Map(); // name: its data as text, so that two figures with the same frames do not share an object
  window.optcourse.figure = (name, data) => figures.set(name, data);

  async function draw(stage) {
    const name = stage.dataset.figure;
    if (!figures.has(name)) await script(`figures/${name}.js`);
    const words = [...stage.childNodes];
    window.optcourse.renderPage(stage, structuredClone(figures.get(name)), window.optcourse.python);
    for (const node of words) node.remove();
    stage.dataset.drawn = "";
  }
  const drawOrSay = (stage) => draw(stage).catch((error) => {
    stage.append(element("p", { role: "alert", textContent: `This figure could not be drawn: ${error.message}.` }));
    console.error(error);
  });
  const near = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      near.unobserve(target);
      drawOrSay(target);
    }
  }, { rootMargin: "900px" });
  for (const stage of all("[data-figure]")) near.observe(stage);
  // What stays at the top of the window leaves the figures' pictures their place below it.
  const top = document.querySelector(".top");
  if (top) new ResizeObserver(() => {
    const stays = getComputedStyle(top).position === "sticky";
    document.documentElement.style.setProperty("--oc-top", `${stays ? top.offsetHeight : 0}px`);
  }).observe(top);
  // A link to a setting, #03-valley?learning_rate=0.3: on to its figure, which then shows it. (Until November 2026: #figure=…&setting=….)
  const lost = element("p", { className: "lost", role: "status", hidden: true });
  find("main").prepend(lost);
  const toFigure = () => {
    const address = location.hash.slice(1), before = new URLSearchParams(address).get("figure"), stages = all("[data-figure]");
    const name = /^(\d\d-[a-z\d-]+)\?/.exec(address)?.[1] ?? before;
    const found = stages.find(({ id, dataset }) => name === id || name === dataset.figure);
    found?.scrollIntoView();
    lost.hidden = found || name === null;
    lost.textContent = lost.hidden ? "" : `This link asks for the figure “${name}”, which this page does not have. ${stages.length ? `Its figures are ${stages.map(({ id }) => id).join(", ")}.` : "It has no figures."}`;
  };
  addEventListener("hashchange", toFigure);
  toFigure();

  // ---- predictions, quizzes (card.js asks them) and hints; what was answered last stands there again after a reload ---------

  const { work } = window.optcourse;
  const wordsOf = (markup) => new DOMParser().parseFromString(markup ?? "", "text/html").body.textContent;
  for (const place of all("[data-questions]")) {
    const data = JSON.parse(find("script", place).textContent);
    const cards = window.optcourse.askPage(place, data, (k, guess, { right, truth }) => {
      if (data.kind !== "prediction") { work.record("quiz", data.id, { question: k, choice: guess, right }); return; }
      const { choices, unit, answer } = data.questions[0], said = (value) => (choices.length ? wordsOf(choices[value]) : `${value} ${unit ?? ""}`.trim());
      work.record("predict", data.id, { right, guess: said(guess), answer: said(choices.length ? truth : answer), value: guess });
    });
    cards.forEach((card, k) => {
      const made = data.kind !== "prediction" ? work.last("quiz", data.id, k)?.choice
        : work.first("predict", data.id)?.value ?? kept.get("predict:" + data.id); // the second: until November 2026
      if (made !== undefined && made !== null) card.remember(String(made));
    });
  }
  for (const hint of all("[data-hint]")) hint.addEventListener("toggle", () => {
    const [id, number] = [hint.dataset.hint, Number(hint.dataset.number)];
    if (hint.open && !work.has("hint", id, number)) work.record("hint", id, { number });
  });

  // ---- search: a few hundred sections, gone through from first to last at each key press (a millisecond) ------------------------

  const dialog = find("dialog.search"), field = find("input", dialog), list = find("ol", dialog), count = find("[role=status]", dialog);
  let sections = null;
  window.optcourse.index = (found) => { sections = found.map((s) => ({ ...s, low: plain(s.title), body: plain(s.text) })); };
  // the letters of a text without case and accents; each stays at its place, so that what is found can be marked
  const plain = (text) => text.toLowerCase().replace(/[À-ɏ]/g, (c) => c.normalize("NFD")[0]);
  const escaped = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  function score(section, words) {
    let sum = 0;
    for (const word of words) {
      const start = new RegExp(`(?<![a-z0-9])${escaped(word)}`, "g"); // the beginning of a word
      const inTitle = (section.low.match(start) ?? []).length, inBody = (section.body.match(start) ?? []).length;
      if (!inTitle && !inBody) return 0;
      sum += 12 * inTitle + Math.min(6, inBody) + (section.low === word ? 20 : 0);
    }
    return sum * (section.weight ?? 1);
  }

  function excerpt(section, words) {
    const places = words.map((word) => section.body.search(new RegExp(`(?<![a-z0-9])${escaped(word)}`))).filter((at) => at >= 0);
    const from = Math.max(0, section.text.lastIndexOf(" ", Math.max(0, Math.min(...places, section.text.length) - 60)));
    return (from > 0 ? "… " : "") + section.text.slice(from, from + 190).trim() + (from + 190 < section.text.length ? " …" : "");
  }

  function marked(text, words) {
    const pattern = new RegExp(`(?<![a-z0-9])(${words.map(escaped).join("|")})`, "g");
    const out = [];
    let last = 0;
    for (const match of plain(text).matchAll(pattern)) {
      out.push(text.slice(last, match.index), element("mark", { textContent: text.slice(match.index, match.index + match[0].length) }));
      last = match.index + match[0].length;
    }
    return [...out, text.slice(last)];
  }

  function look() {
    const words = plain(field.value).split(/[\s"“”]+/).filter(Boolean);
    const found = !sections || !words.length ? [] : sections.map((s) => [score(s, words), s]).filter(([points]) => points > 0)
      .sort((a, b) => b[0] - a[0]).slice(0, 30);
    count.textContent = !sections ? "The index is being read …" : !words.length ? "Type a word, a name from the code, or a symbol’s name."
      : found.length ? `${found.length === 30 ? "The first 30" : found.length} ${found.length === 1 ? "place" : "places"}` : `Nothing says “${field.value}”. Try a shorter word.`;
    list.replaceChildren(...found.map(([, s]) => element("li", {}, element("a", { href: up + s.url, onclick: () => dialog.close() },
      element("small", { textContent: s.page }), element("strong", {}, ...marked(s.title, words)), element("span", {}, ...marked(excerpt(s, words), words))))));
  }

  function openSearch() {
    if (!dialog.open) dialog.showModal();
    field.select();
    look();
    if (!sections) script(`assets/${document.body.dataset.search}`).then(look, (error) => { count.textContent = `Search does not work here: ${error.message}.`; });
  }
  find("#search").addEventListener("click", openSearch);
  find("button", dialog).addEventListener("click", () => dialog.close());
  field.addEventListener("input", look);
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });
  dialog.addEventListener("submit", (event) => { event.preventDefault(); find("a", list)?.click(); });
  dialog.addEventListener("keydown", (event) => {
    if (event.key === "Escape") { event.preventDefault(); dialog.close(); } // a search field would only empty itself at first
    const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!by) return;
    event.preventDefault();
    const stops = [field, ...all("a", list)];
    stops[Math.max(0, Math.min(stops.length - 1, stops.indexOf(document.activeElement) + by))].focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea, [contenteditable], .oc-explorer");
    if ((event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) || (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey))) {
      event.preventDefault();
      openSearch();
    }
  });

  // ---- contents: which section is being read --------------------------------------------------------------------------------

  const links = new Map(all(".contents a").map((link) => [decodeURIComponent(link.hash.slice(1)), link]));
  const headings = all("main h2[id], main h3[id]").filter((heading) => links.has(heading.id));
  const here = () => {
    const above = headings.filter((heading) => heading.getBoundingClientRect().top < 140).pop();
    for (const [id, link] of links) {
      if (id === above?.id) link.setAttribute("aria-current", "location"); else link.removeAttribute("aria-current");
    }
    const link = links.get(above?.id), list = find(".contents"); // a long list follows along
    if (link && list.scrollHeight > list.clientHeight) list.scrollTop = link.offsetTop - list.offsetTop - list.clientHeight / 2;
  };
  if (headings.length) {
    let waiting = false;
    addEventListener("scroll", () => {
      if (waiting) return;
      waiting = true;
      requestAnimationFrame(() => { waiting = false; here(); });
    }, { passive: true });
    here();
  }
  const contents = find(".contents > details");
  const wide = matchMedia("(min-width: 75rem)");
  const fold = () => { if (contents) contents.open = wide.matches; };
  wide.addEventListener("change", fold);
  fold();

  // ---- formulas, and what scrolls sideways can be reached by keyboard -----------------------------------------------------------

  if (window.renderMathInElement) {
    renderMathInElement(find("main"), {
      delimiters: [{ left: "$$", right: "$$", display: true }, { left: "\\[", right: "\\]", display: true }, { left: "$", right: "$", display: false }, { left: "\\(", right: "\\)", display: false }],
      ignoredClasses: ["oc-explorer", "highlight", "out"],
      throwOnError: true,
      errorCallback: (words, error) => console.error(words, error),
    });
  }
  const reach = () => {
    all("main pre, main .out, main .scroll, main .katex-display").forEach((node, k) => {
      const wider = node.scrollWidth > node.clientWidth + 1;
      const kind = node.matches("pre") ? "Code" : node.matches(".katex-display") ? "Formula" : "Table";
      for (const [name, value] of Object.entries({ tabindex: "0", role: "region", "aria-label": `${kind} ${k + 1}, wider than the screen` })) {
        if (wider) node.setAttribute(name, value); else node.removeAttribute(name);
      }
    });
  };
  addEventListener("resize", reach);
  addEventListener("load", reach);
})();
