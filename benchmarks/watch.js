// Watches one figure: what is seen must change in a display frame. `design` says what to look at: the echoed text, the
// inline picture's source once it is decoded, or the pixels of a canvas.
(design) => {
  const small = document.createElement("canvas");
  small.width = 96;
  small.height = 48;
  const context = small.getContext("2d", { willReadFrequently: true });
  const look = () => {
    if (design === "echo") return document.querySelector(".watched")?.textContent ?? "";
    if (design === "interact") {
      const image = [...document.querySelectorAll(".jp-OutputArea-output img")].pop();
      return image && image.complete && image.naturalWidth ? image.src.length + image.src.slice(-4000) : null;
    }
    const where = design === "ours" ? ".oc-explorer .oc-picture" : ".jupyter-matplotlib-canvas-container canvas";
    context.drawImage(document.querySelector(where), 0, 0, 96, 48);
    return context.getImageData(0, 0, 96, 48).data.reduce((sum, byte) => (sum * 31 + byte) | 0, 0);
  };
  Object.assign(window, { times: [], frames: 0, last: 0 });
  let before = look(), pressed = null;
  window.addEventListener("keydown", (event) => {
    if (event.key.startsWith("Arrow")) { before = look(); pressed = event.timeStamp; }
  }, true);
  const tick = () => {
    const now = performance.now(), seen = look();
    if (seen !== null && seen !== before) {
      window.frames++;
      window.last = now;
      before = seen;
      if (pressed !== null) { window.times.push(now - pressed); pressed = null; }
    }
    requestAnimationFrame(tick);
  };
  requestAnimationFrame(tick);
}
