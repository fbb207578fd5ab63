/**
 * CodeMirror as the demo needs it: Python, problems at their lines, and colours from the page's style.
 *
 * Browsers get this module with its npm packages in it; the portal's server sees to that.
 *
 * @module
 */

import { indentWithTab } from "@codemirror/commands";
import { python } from "@codemirror/lang-python";
import { foldEffect, HighlightStyle, indentUnit, syntaxHighlighting, unfoldAll } from "@codemirror/language";
import { lintGutter, setDiagnostics } from "@codemirror/lint";
import { Compartment, EditorState, Prec } from "@codemirror/state";
import { EditorView, keymap } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import { basicSetup } from "codemirror";

/** A problem of the text; line and column count from 1. @typedef {{line: number, column?: number | null, text: string}} Problem */

/** @typedef {ReturnType<typeof makeEditor>} Editor */

// Custom properties reach into the shadow tree, so that colours follow the page's.
const LOOK = EditorView.theme({
  "&": { height: "100%", color: "var(--ink)", backgroundColor: "var(--surface)" },
  "&.cm-focused": { outline: "2px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontSize: "0.86rem", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { color: "var(--muted)", backgroundColor: "var(--sunken)", borderRight: "1px solid var(--line)" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "var(--code-active)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "var(--code-selected)",
  },
  ".cm-foldPlaceholder": { color: "var(--muted)", backgroundColor: "var(--sunken)", borderColor: "var(--line)" },
  ".cm-panels, .cm-tooltip": { color: "var(--ink)", backgroundColor: "var(--sunken)", borderColor: "var(--line)" },
  ".cm-searchMatch": { backgroundColor: "var(--code-found)" },
  ".cm-searchMatch-selected": { outline: "2px solid var(--accent)" },
  ".cm-panels-bottom": { borderTop: "1px solid var(--line)" },
  ".cm-panel.cm-search": { padding: "8px 32px 8px 12px", fontFamily: "inherit", fontSize: "0.86rem" },
  ".cm-panel.cm-search label": { display: "inline-flex", alignItems: "center", gap: "4px", fontSize: "0.86rem" },
  ".cm-panel.cm-search [name=close]": { top: "6px", right: "8px", color: "var(--muted)", fontSize: "1.2rem" },
  ".cm-textfield": {
    padding: "4px 8px",
    color: "var(--ink)",
    background: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    fontSize: "0.86rem",
  },
  ".cm-button": {
    padding: "3px 10px",
    color: "var(--ink)",
    background: "var(--surface)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    fontSize: "0.86rem",
    cursor: "pointer",
  },
  ".cm-button:hover": { borderColor: "var(--accent)" },
  ".cm-textfield:focus-visible, .cm-button:focus-visible": { outline: "2px solid var(--accent)", outlineOffset: "1px" },
  ".cm-diagnostic": { color: "var(--ink)", backgroundColor: "var(--surface)", whiteSpace: "pre-wrap" },
});

const COLOURS = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--code-word)" },
  { tag: [tags.string, tags.special(tags.string)], color: "var(--go)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--amber)" },
  { tag: [tags.comment], color: "var(--muted)", fontStyle: "italic" },
  {
    tag: [tags.definition(tags.variableName), tags.function(tags.variableName), tags.className, tags.meta],
    color: "var(--code-name)",
  },
  { tag: tags.invalid, color: "var(--stop)" },
]);

const ALWAYS = [
  basicSetup,
  keymap.of([indentWithTab]), // Escape, then Tab, moves the focus: CodeMirror sees to that
  python(),
  indentUnit.of("    "),
  lintGutter(),
  LOOK,
  syntaxHighlighting(COLOURS),
];

/**
 * @param {object} options
 * @param {HTMLElement} options.host   gets a shadow tree: there the styles are constructed, which no policy refuses
 * @param {string} options.text
 * @param {string} options.label       accessible name
 * @param {() => void} options.changed
 * @param {() => void} options.apply   Ctrl-Enter, or Cmd-Enter
 * @param {() => void} options.moved   the cursor stands elsewhere, or in another text
 */
export function makeEditor({ host, text, label, changed, apply, moved }) {
  const root = host.attachShadow({ mode: "open" });
  const darkness = matchMedia("(prefers-color-scheme: dark)");
  const dark = new Compartment();
  const applies = () => {
    apply();
    return true;
  };
  const extensions = [
    Prec.highest(keymap.of([{ key: "Mod-Enter", run: applies }])),
    ...ALWAYS,
    dark.of(EditorView.darkTheme.of(darkness.matches)),
    EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
    EditorView.updateListener.of(({ docChanged, selectionSet }) => {
      docChanged && changed();
      (docChanged || selectionSet) && moved();
    }),
  ];
  const view = new EditorView({ parent: root, root, state: EditorState.create({ doc: text, extensions }) });
  darkness.addEventListener("change", ({ matches }) =>
    view.dispatch({ effects: dark.reconfigure(EditorView.darkTheme.of(matches)) }),
  );

  /** @param {number} line */
  const lineAt = (line) => view.state.doc.line(Math.min(Math.max(line, 1), view.state.doc.lines));

  return {
    /** @returns {string} */
    text: () => view.state.doc.toString(),

    /** Another text, which undo takes back. @param {string} text */
    replace(text) {
      view.dispatch({ changes: { from: 0, to: view.state.doc.length, insert: text }, selection: { anchor: 0 } });
      view.scrollDOM.scrollTop = 0;
    },

    /** Folds what is not to be read first, and selects what is to be changed. @param {import("./opening.js").Opening} opening */
    open({ folds, select }) {
      const effects = folds.map((range) => foldEffect.of(range));
      view.dispatch({ effects, ...(select ? { selection: { anchor: select.from, head: select.to } } : {}) });
      if (select) {
        view.dispatch({ effects: EditorView.scrollIntoView(select.from, { y: "center" }) });
      }
    },

    /** Marks lines, and shows the last of them; marks move with the text. @param {Problem[]} problems */
    mark(problems) {
      const diagnostics = problems.map((problem) => diagnosticOf(problem, lineAt(problem.line)));
      view.dispatch(setDiagnostics(view.state, diagnostics));
      const last = problems.at(-1);
      if (last) {
        view.dispatch({ effects: EditorView.scrollIntoView(lineAt(last.line).from, { y: "center" }) });
      }
    },

    /** Where the cursor is, from 1. @returns {number} */
    line: () => view.state.doc.lineAt(view.state.selection.main.head).number,

    /** Shows a line and puts the cursor there. @param {number} line */
    goTo(line) {
      unfoldAll(view);
      const { from } = lineAt(line);
      view.dispatch({ selection: { anchor: from }, effects: EditorView.scrollIntoView(from, { y: "center" }) });
      view.focus();
    },
  };
}

/** @param {Problem} problem @param {{from: number, to: number, text: string}} row the line that it is in */
function diagnosticOf({ column, text: message }, { from, to, text }) {
  const start = from + Math.min(column ? column - 1 : text.length - text.trimStart().length, text.length);
  return { from: start, to: Math.max(start, to), severity: /** @type {const} */ ("error"), message };
}
