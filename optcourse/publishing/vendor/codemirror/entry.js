// The editor of a cell in a page: what of CodeMirror 6 a lesson needs, as one script. Colours and sizes are the page's own (site.css).

import { defaultKeymap, history, historyKeymap, indentLess, indentMore } from "@codemirror/commands";
import { bracketMatching, indentOnInput, indentUnit, syntaxHighlighting } from "@codemirror/language";
import { pythonLanguage } from "@codemirror/lang-python";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

const UNTIL_ANOTHER_KEY = 1e9; // ms

function tab(view) { // at the cursor up to the next step of four; of what is selected, the lines
  const { state } = view, { main } = state.selection;
  if (state.readOnly) return false;
  if (state.selection.ranges.some((range) => !range.empty)) return indentMore(view);
  const column = main.head - state.doc.lineAt(main.head).from;
  view.dispatch(state.replaceSelection(" ".repeat(4 - (column % 4))), { scrollIntoView: true, userEvent: "input" });
  return true;
}

// In the place of `field`, a text area, whose text, label and description it takes over. `keys`: [[key, what it does], …]; `changed` hears
// that something was written.
export function editor(field, keys, changed) {
  const bindings = keys.map(([key, run]) => ({ key, run: () => { run(); return true; } }));
  const view = new EditorView({
    doc: field.value,
    selection: { anchor: field.selectionStart, head: field.selectionEnd },
    extensions: [
      keymap.of([
        ...bindings,
        { key: "Tab", run: tab, shift: indentLess },
        { key: "Escape", run: () => { view.setTabFocusMode(UNTIL_ANOTHER_KEY); return true; } },
        ...defaultKeymap, ...historyKeymap,
      ]),
      history(), lineNumbers(), bracketMatching(), indentOnInput(), indentUnit.of("    "), EditorState.tabSize.of(4),
      pythonLanguage, syntaxHighlighting(classHighlighter),
      EditorView.editorAttributes.of({ class: "editor" }),
      EditorView.contentAttributes.of({
        "aria-label": field.getAttribute("aria-label"), "aria-describedby": field.getAttribute("aria-describedby"), autocapitalize: "off", tabindex: "0",
      }),
      EditorView.domEventHandlers({ blur: () => { view.setTabFocusMode(false); } }),
      EditorView.updateListener.of((update) => { if (update.docChanged) changed(); }),
    ],
  });
  field.replaceWith(view.dom);
  return {
    get value() { return view.state.doc.toString(); },
    set value(text) { view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text } }); },
    focus: () => view.focus(),
  };
}
