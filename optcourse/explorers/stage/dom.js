// Elements of the page.

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key in node && key !== "list") node[key] = value; else node.setAttribute(key, value);
  }
  node.append(...children);
  return node;
}

export function setText(node, words) {
  if (node.textContent !== words) node.textContent = words;
}

export function button(words, act, attributes = {}) {
  const made = element("button", { type: "button", textContent: words, ...attributes });
  made.addEventListener("click", act);
  return made;
}
