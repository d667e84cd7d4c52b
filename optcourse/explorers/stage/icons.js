// One drawn set of icons: inline SVG on a grid of 20, strokes of 1.7 with round ends (stage.css). Never a character.

import { element } from "./dom.js";

const SHAPES = {
  first: '<path d="M5 4.5v11"/><path class="oc-f" d="M15.5 4.6v10.8a.6.6 0 0 1-.95.5L7.4 10.5a.6.6 0 0 1 0-1l7.15-5.4a.6.6 0 0 1 .95.5z"/>',
  last: '<path d="M15 4.5v11"/><path class="oc-f" d="M4.5 4.6v10.8a.6.6 0 0 0 .95.5l7.15-5.4a.6.6 0 0 0 0-1L5.45 4.1a.6.6 0 0 0-.95.5z"/>',
  back: '<path d="M12.5 4.5 7 10l5.5 5.5"/>',
  next: '<path d="M7.5 4.5 13 10l-5.5 5.5"/>',
  play: '<path class="oc-f" d="M6 4.2v11.6a.8.8 0 0 0 1.2.7l9.4-5.8a.8.8 0 0 0 0-1.4L7.2 3.5a.8.8 0 0 0-1.2.7z"/>',
  pause: '<path class="oc-f" d="M5 4h3.6v12H5zM11.4 4H15v12h-3.6z"/>',
  pin: '<path d="M7.2 3h5.6l-.7 5.2 2.6 2.6v1.4H5.3v-1.4l2.6-2.6z"/><path d="M10 12.2v5.2"/>',
  link: '<path d="M8.4 11.6a3 3 0 0 0 4.3 0l2.9-2.9a3 3 0 0 0-4.3-4.3l-1 1"/><path d="M11.6 8.4a3 3 0 0 0-4.3 0l-2.9 2.9a3 3 0 0 0 4.3 4.3l1-1"/>',
  save: '<path d="M10 3v9.4M6.2 8.8 10 12.6l3.8-3.8"/><path d="M3.5 13.5v2.2a1 1 0 0 0 1 1h11a1 1 0 0 0 1-1v-2.2"/>',
  full: '<path d="M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4"/>',
  undo: '<path d="M7 3.8 3.6 7.2 7 10.6"/><path d="M3.8 7.2h7.7a4.5 4.5 0 0 1 0 9H7.5"/>',
  reset: '<path d="M4.2 10a5.8 5.8 0 1 0 1.9-4.3"/><path d="M6.5 2.6 6 6l3.4.5"/>',
  plus: '<path d="M10 4.5v11M4.5 10h11"/>',
  minus: '<path d="M4.5 10h11"/>',
  home: '<circle cx="10" cy="10" r="2.2"/><path d="M10 2.8v2.6M10 14.6v2.6M2.8 10h2.6M14.6 10h2.6"/>',
  tilt: '<path d="M10 2.8 16.4 6.3v7.2L10 17.2l-6.4-3.7V6.3z"/><path d="M3.8 6.5 10 10l6.2-3.5M10 10v7"/>',
  close: '<path d="M5 5l10 10M15 5 5 15"/>',
  warn: '<path d="M10 3 18 16.5H2z"/><path d="M10 8v4M10 14.3v.2"/>',
};

export function icon(name) {
  const made = element("span", { className: "oc-svg", "aria-hidden": "true" });
  made.innerHTML = `<svg viewBox="0 0 20 20" focusable="false">${SHAPES[name]}</svg>`;
  return made;
}

// A button that is an icon: its name for those who hear it, and with its key for those who point at it.
export function iconButton(shape, name, act, { key = "", className = "oc-icon" } = {}) {
  const made = element("button", { type: "button", className, title: name + (key ? ` (${key})` : ""), "aria-label": name }, icon(shape));
  if (key) made.setAttribute("aria-keyshortcuts", { Space: "Space" }[key] || key.toLowerCase());
  made.addEventListener("click", act);
  return made;
}
