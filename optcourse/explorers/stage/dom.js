// Elements of the page.

const FOCUSABLE = ["input", "select", "button", "canvas"];

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  // Notebook 7 looks at the element that has the focus before it looks at the figure around it.
  if (FOCUSABLE.includes(tag)) node.setAttribute("data-lm-suppress-shortcuts", "true");
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
