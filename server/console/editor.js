// GraphiQL, and the way to its editors.

import { element } from './page.js';

const { createElement, useEffect } = window.React;
const { GraphiQL, ReactDOM, GraphiQLPluginExplorer } = window;

// GraphiQL keeps tabs and panes here: until the page is left. What it would keep as the
// history of queries is refused: variables stand in that.
function memoryStorage() {
  const items = new Map();
  return {
    get length() { return items.size; },
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => {
      if (/:(queries|favorites)$/.test(key)) throw new Error('no history is kept');
      items.set(key, value);
    },
    removeItem: (key) => { items.delete(key); },
    clear: () => { items.clear(); },
  };
}

let editors; // GraphiQL's own, as of its latest rendering
let execution;
let opened = { query: '', variables: '', until: 0 }; // as the last example filled its tab
let hint = ''; // what a new tab starts with

function Bridge({ listener }) {
  editors = GraphiQL.React.useEditorContext({ nonNull: true });
  execution = GraphiQL.React.useExecutionContext({ nonNull: true });
  const ready = Boolean(editors.queryEditor && editors.variableEditor);
  const { queryEditor, variableEditor } = editors;
  useEffect(() => { if (ready) listener.ready(); }, [ready]);
  useEffect(() => {
    if (!ready) return undefined;
    const changed = () => {
      queueMicrotask(settle);
      listener.changed();
    };
    const heard = [queryEditor, variableEditor].flatMap((one) => ['change', 'cursorActivity', 'blur'].map((event) => [one, event]));
    heard.forEach(([one, event]) => one.on(event, changed));
    return () => heard.forEach(([one, event]) => one.off(event, changed));
  }, [queryEditor, variableEditor]);
  useEffect(() => {
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    listener.changed();
    // An answer belongs to the tab that asked. GraphiQL would show a late one,
    // which may be about another person, in the tab opened meanwhile.
    return () => execution.stop();
  }, [editors.tabs[editors.activeTabIndex].id]);
  useEffect(() => { listener.changed(); }, [execution.isFetching]);
  return null;
}

let root;
const fixed = {
  storage: memoryStorage(),
  plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  shouldPersistHeaders: false,
  isHeadersEditorEnabled: false,
  defaultEditorToolsVisibility: 'variables',
  forcedTheme: 'system',
  inputValueDeprecation: true,
  schemaDescription: true,
};

export function draw({ fetcher, schema, firstText, listener }) {
  hint = firstText;
  root ??= ReactDOM.createRoot(element('graphiql'));
  root.render(createElement(
    GraphiQL,
    { ...fixed, fetcher, schema, defaultQuery: hint },
    createElement(GraphiQL.Logo, { key: 'logo' }, 'GraphiQL'),
    createElement(Bridge, { key: 'bridge', listener }),
  ));
}

// isUntouched tells a tab that holds nothing of the user's: nothing typed, nothing asked.
function isUntouched() {
  const query = editors.queryEditor.getValue();
  const variables = editors.variableEditor?.getValue() ?? '';
  return !execution.isFetching && !editors.responseEditor?.getValue()
    && (query.trim() === '' || query === hint || query === opened.query)
    && (variables.trim() === '' || variables === opened.variables);
}

// open reuses an untouched tab, and otherwise opens a new one.
export function open(query, variables) {
  if (!editors?.queryEditor) return;
  if (!isUntouched()) ReactDOM.flushSync(() => editors.addTab());
  opened = { query, variables, until: performance.now() + 2000 };
  fillIn();
}

function fillIn() {
  editors.variableEditor?.setValue(opened.variables);
  editors.queryEditor.setValue(opened.query);
}

// settle fills a new tab again: React may run the step in which GraphiQL empties it
// once more, after it was filled.
function settle() {
  if (performance.now() < opened.until && editors.queryEditor.getValue() === hint) fillIn();
}

// now is what stands in the editors.
export function now() {
  if (!editors?.queryEditor || !editors.variableEditor) return null;
  return {
    tab: editors.tabs[editors.activeTabIndex].id,
    query: editors.queryEditor.getValue(),
    offset: editors.queryEditor.indexFromPos(editors.queryEditor.getCursor()),
    variables: editors.variableEditor.getValue(),
    busy: execution.isFetching,
    typing: editors.queryEditor.hasFocus() || editors.variableEditor.hasFocus(),
  };
}

// setVariables keeps a tab untouched that was, when the page itself completes it.
export function setVariables(value, byPage) {
  if (byPage && editors.variableEditor.getValue() === opened.variables) opened.variables = value;
  editors.variableEditor.setValue(value);
}

export function run(operationName) {
  if (operationName) ReactDOM.flushSync(() => editors.setOperationName(operationName));
  execution.run();
}

export const stop = () => execution?.stop();

// seen makes editors that were hidden measure themselves again.
export function seen() {
  for (const one of [editors?.queryEditor, editors?.variableEditor, editors?.responseEditor]) one?.refresh();
}
