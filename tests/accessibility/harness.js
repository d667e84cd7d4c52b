// What harness.py asks in the page. One expression: an object of functions.
({
  // Where the focus is: what it is called, where it lies, its ring, and what colour is behind it.
  stop(root) {
    const here = document.activeElement;
    if (!here || here === document.body) return null;
    const clear = (color) => /rgba\(.*, 0\)|transparent/.test(color);
    let behind = here.parentElement, color = "rgba(0, 0, 0, 0)";
    for (; behind && clear(color); behind = behind.parentElement) color = getComputedStyle(behind).backgroundColor;
    if (clear(color)) { // the browser's own page
      const dark = /dark/.test(getComputedStyle(document.documentElement).colorScheme);
      color = dark && matchMedia("(prefers-color-scheme: dark)").matches ? "rgb(18, 18, 18)" : "rgb(255, 255, 255)";
    }
    const style = getComputedStyle(here), rects = here.getClientRects(); // a link may go on in the next line
    const box = rects[0] || here.getBoundingClientRect(), end = rects[rects.length - 1] || box;
    const zero = (root && here.closest(root) ? here.closest(root) : document.documentElement).getBoundingClientRect(); // it scrolls
    const name = here.getAttribute("aria-label") || here.labels?.[0]?.textContent || here.textContent || "";
    const again = here === window.ocLast;
    window.ocLast = here;
    return {
      again,
      index: window.ocOrder ? window.ocOrder.indexOf(here) : -1,
      ours: !root || !!here.closest(root),
      what: here.tagName.toLowerCase() + (here.type ? ":" + here.type : "") + " " + name.trim().slice(0, 60),
      left: box.left - zero.left, top: box.top - zero.top, right: end.right - zero.left, bottom: end.bottom - zero.top,
      row: here.closest("[data-control]")?.dataset.control || "",
      outline: [style.outlineStyle, parseFloat(style.outlineWidth), style.outlineColor],
      behind: color,
    };
  },

  // Everything that Tab must reach, kept for `stop` to count; nothing is focused afterwards.
  order(selector) {
    const reached = (e) => {
      if (e.tabIndex < 0 || !e.checkVisibility({ visibilityProperty: true })) return false;
      if (e.type !== "radio" || !e.name) return true;
      const group = [...document.querySelectorAll(`input[type=radio][name="${CSS.escape(e.name)}"]`)];
      return e === (group.find((radio) => radio.checked) || group[0]); // Tab stops once at a group of radios
    };
    window.ocOrder = [...document.querySelectorAll(selector)].filter(reached);
    document.activeElement?.blur();
    window.ocLast = null;
    return window.ocOrder.map((e) => e.outerHTML.slice(0, 120));
  },

  // Sideways scrolling, what is cut off, what lies over what.
  layout(root) {
    const wrong = [], edge = document.documentElement.clientWidth;
    const name = (e) => {
      const words = (e.textContent || e.value || e.getAttribute("aria-label") || "").trim().slice(0, 50);
      return `${e.tagName.toLowerCase()}.${String(e.className).trim().replaceAll(/\s+/g, ".")} “${words}”`;
    };
    const scrolls = (e) => {
      for (let p = e; p && p !== document.body; p = p.parentElement) if (/auto|scroll/.test(getComputedStyle(p).overflowX)) return true;
      return false;
    };
    if (!root && document.documentElement.scrollWidth > edge)
      wrong.push(`the page scrolls sideways: ${document.documentElement.scrollWidth} in ${edge}`);
    for (const top of document.querySelectorAll(root || "body")) {
      const shown = (e) => e.checkVisibility({ visibilityProperty: true }) && !e.closest(".oc-live, .katex, svg, [aria-hidden=true]");
      const parts = [...top.querySelectorAll("*")].filter(shown);
      for (const e of parts) {
        const style = getComputedStyle(e), box = e.getBoundingClientRect(), over = e.scrollWidth > e.clientWidth + 1;
        if (box.right > edge + 1 && box.width > 0 && !scrolls(e))
          wrong.push(`${name(e)} reaches over the edge: ${Math.round(box.right)} of ${edge}`);
        const cuts = (how) => /hidden|clip/.test(how) && e.textContent.trim() && e.clientHeight > 1;
        if ((cuts(style.overflowX) && over) || (cuts(style.overflowY) && e.scrollHeight > e.clientHeight + 2))
          wrong.push(`${name(e)} is cut off`);
        if (e.tagName === "INPUT" && e.type === "text" && over) wrong.push(`${name(e)} does not show all of “${e.value}”`);
        if (/^(SELECT|BUTTON)$/.test(e.tagName) && over) wrong.push(`${name(e)} does not show all its words`);
      }
      const leaves = parts.filter((e) => e.matches("input, select, button, label, .oc-picture, p, .oc-stepcount"));
      const boxes = leaves.map((e) => [e, e.getBoundingClientRect()]).filter(([, b]) => b.width && b.height);
      for (let i = 0; i < boxes.length; i++) for (let j = i + 1; j < boxes.length; j++) {
        const [e, a] = boxes[i], [f, b] = boxes[j];
        if (e.contains(f) || f.contains(e)) continue;
        if (e.closest(".oc-place")?.contains(f)) continue; // the buttons of a map stand on it, and no words are painted below them
        const flagOfIt = e.type === "range" && f.matches(".oc-flag") && e.parentElement.parentElement.contains(f);
        const slack = flagOfIt ? 16 : 1; // the lower part of a slider is empty
        if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > slack && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > slack)
          wrong.push(`${name(e)} lies over ${name(f)}`);
      }
    }
    return wrong;
  },

  // Words on canvases that are cut off, squeezed, or lie over each other: every figure is drawn once more and listened to.
  painted() {
    const wrong = [], paint = CanvasRenderingContext2D.prototype.fillText;
    for (const root of document.querySelectorAll(".oc-explorer")) {
      const stage = root.parentElement.stage, written = new Map(), unit = stage.painter.ratio;
      CanvasRenderingContext2D.prototype.fillText = function (text, x, y, most) {
        const m = this.measureText(text), t = this.getTransform(), squeeze = most && m.width > most ? most / m.width : 1;
        const across = [x - m.actualBoundingBoxLeft * squeeze, x + m.actualBoundingBoxRight * squeeze];
        const down = [y - m.actualBoundingBoxAscent, y + m.actualBoundingBoxDescent];
        const corners = across.flatMap((a) => down.map((b) => t.transformPoint(new DOMPoint(a, b))));
        const xs = corners.map((p) => p.x / unit), ys = corners.map((p) => p.y / unit);
        const box = { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
        if (text) written.set(this.canvas, [...(written.get(this.canvas) || []), { text, squeeze, ...box }]);
        return paint.apply(this, arguments);
      };
      try { stage.draw(); } finally { CanvasRenderingContext2D.prototype.fillText = paint; }
      for (const { picture } of stage.panels) {
        const words = written.get(picture) || [], wide = picture.width / unit, high = picture.height / unit;
        if (!words.length) wrong.push("nothing is written in the picture");
        words.forEach((a, i) => {
          const box = [a.left, a.right, a.top, a.bottom].map(Math.round);
          if (a.left < -1 || a.right > wide + 1 || a.top < -1 || a.bottom > high + 1)
            wrong.push(`painted “${a.text}” is cut off: ${box} in ${Math.round(wide)} by ${Math.round(high)}`);
          if (a.squeeze < 0.8) wrong.push(`painted “${a.text}” is squeezed to ${a.squeeze.toFixed(2)}`);
          for (const b of words.slice(i + 1))
            if (Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 && Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
              wrong.push(`painted “${a.text}” lies over “${b.text}”`);
        });
      }
    }
    return wrong;
  },
})
