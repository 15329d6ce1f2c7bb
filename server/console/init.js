import { labels, languages } from './labels.js';

const { createElement, useEffect } = window.React;
const { GraphiQL, ReactDOM, GraphiQLPluginExplorer } = window;
const element = (id) => document.getElementById(id);

// Everything the page remembers. Nothing is written to the browser's storage:
// tokens are secrets, and variables are personal data.
const state = {
  settings: { endpoint: '/graphql', dev: false },
  language: languages.find((code) => navigator.language.startsWith(code)) ?? 'en',
  devTokens: {},
  role: 'anonymous',
  token: '',
  examples: [],
  opened: { query: '', variables: '' }, // as the last example filled its tab
};

const text = (key) => labels[state.language][key];
const roleName = (role) => text('roles')[role] ?? role;

// ---- Talking to the server

async function getJSON(name, fallback) {
  try {
    const response = await fetch(name);
    return response.ok ? await response.json() : fallback;
  } catch {
    return fallback;
  }
}

async function ask(token, request, signal) {
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/graphql-response+json, application/json;q=0.9',
    'Accept-Language': state.language,
  };
  if (token) headers.Authorization = `Bearer ${token}`;
  let response;
  try {
    response = await fetch(state.settings.endpoint, {
      method: 'POST', headers, body: JSON.stringify(request), cache: 'no-store', redirect: 'error', signal,
    });
  } catch {
    return { errors: [{ message: text('unreachable') }] };
  }
  try {
    return await response.json();
  } catch {
    return { errors: [{ message: text('notJSON') + response.status }] };
  }
}

// fetcherFor makes a new function for each token: GraphiQL asks for the schema
// again when its fetcher changes, and what may be seen depends on who asks.
// It answers an observable, because GraphiQL can stop nothing else.
function fetcherFor(token) {
  return (request) => ({
    subscribe({ next, complete }) {
      const stop = new AbortController();
      ask(token, request, stop.signal).then((answer) => {
        if (stop.signal.aborted) return;
        next(answer);
        complete();
      });
      return { unsubscribe: () => stop.abort() };
    },
  });
}

// ---- Examples

// uuid7 makes the ids that clients make: event ids and idempotency keys.
function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | BigInt(bytes[6] << 8 | bytes[7]));
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

// An example may say {{language}}, {{uuid}} and {{now}} where a value depends on the moment.
function fill(variables) {
  const makers = { language: () => state.language, uuid: uuid7, now: () => new Date().toISOString() };
  const replace = (_, value) => (typeof value === 'string'
    ? value.replace(/\{\{(language|uuid|now)\}\}/g, (_match, name) => makers[name]())
    : value);
  return JSON.stringify(variables, replace, 2);
}

// readExamples keeps what can be used and drops the rest, so that one mistake costs one example.
function readExamples(list) {
  if (!Array.isArray(list)) return [];
  return list.filter((item) => item && typeof item.query === 'string' && item.query.trim() !== '').map((item) => ({
    role: typeof item.role === 'string' ? item.role : 'anonymous',
    title: typeof item.title === 'object' && item.title ? item.title : {},
    query: item.query,
    variables: typeof item.variables === 'object' && item.variables ? item.variables : {},
  }));
}

function titleOf(example) {
  return example.title[state.language] ?? example.title.en
    ?? example.query.match(/^\s*(?:query|mutation)\s+(\w+)/m)?.[1] ?? '…';
}

// ---- GraphiQL

// GraphiQL keeps tabs, panes and the history of queries here: until the page is left.
function memoryStorage() {
  const items = new Map();
  return {
    get length() { return items.size; },
    getItem: (key) => items.get(key) ?? null,
    setItem: (key, value) => { items.set(key, value); },
    removeItem: (key) => { items.delete(key); },
    clear: () => { items.clear(); },
  };
}

let fetcher;
let hint; // what a new tab starts with
let editors; // GraphiQL's own, as of its latest rendering
let execution;

function Bridge({ onReady }) {
  editors = GraphiQL.React.useEditorContext({ nonNull: true });
  execution = GraphiQL.React.useExecutionContext({ nonNull: true });
  const ready = Boolean(editors.queryEditor && editors.variableEditor);
  useEffect(() => { if (ready) onReady(); }, [ready, onReady]);
  useEffect(() => {
    document.querySelector('.graphiql-tab-active')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    // An answer belongs to the tab that asked. GraphiQL would show a late one,
    // which may be about another person, in the tab opened meanwhile.
    return () => execution.stop();
  }, [editors.tabs[editors.activeTabIndex].id]);
  return null;
}

// isUntouched tells a tab that holds nothing of the user's: nothing typed, nothing asked.
function isUntouched() {
  const query = editors.queryEditor.getValue();
  const variables = editors.variableEditor?.getValue() ?? '';
  const { opened } = state;
  return !execution.isFetching && !editors.responseEditor?.getValue()
    && (query.trim() === '' || query === hint || query === opened.query)
    && (variables.trim() === '' || variables === opened.variables);
}

// openExample reuses an untouched tab, and otherwise opens a new one.
function openExample(example) {
  if (!editors?.queryEditor) return;
  if (!isUntouched()) ReactDOM.flushSync(() => editors.addTab());
  state.opened = { query: example.query, variables: fill(example.variables) };
  editors.queryEditor.setValue(state.opened.query);
  editors.variableEditor?.setValue(state.opened.variables);
}

function openFirst() {
  if (state.examples.length > 0) openExample(state.examples[0]);
}

const root = ReactDOM.createRoot(element('graphiql'));
const fixedProps = {
  storage: memoryStorage(),
  plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  shouldPersistHeaders: false,
  isHeadersEditorEnabled: false,
  defaultEditorToolsVisibility: 'variables',
  forcedTheme: 'system',
  inputValueDeprecation: true,
  schemaDescription: true,
};

function renderGraphiQL() {
  root.render(createElement(
    GraphiQL,
    { ...fixedProps, fetcher, defaultQuery: hint },
    createElement(GraphiQL.Logo, { key: 'logo' }, 'GraphiQL'),
    createElement(Bridge, { key: 'bridge', onReady: openFirst }),
  ));
}

// ---- The bar

function option(value, label, selected) {
  return new Option(label, value, false, selected);
}

function drawRoles() {
  const order = Object.keys(text('roles'));
  const granted = Object.keys(state.devTokens).sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const roles = ['anonymous', ...granted, ...(state.role === 'custom' ? ['custom'] : [])];
  element('role').replaceChildren(...roles.map((role) => option(role, roleName(role), role === state.role)));
  element('role-field').hidden = !state.settings.dev;
}

function drawExamples() {
  const groups = new Map();
  state.examples.forEach((example, index) => {
    if (!groups.has(example.role)) {
      const group = document.createElement('optgroup');
      group.label = roleName(example.role);
      groups.set(example.role, group);
    }
    groups.get(example.role).append(option(String(index), titleOf(example), false));
  });
  element('example').replaceChildren(option('', text('chooseExample'), true), ...groups.values());
}

function drawBar() {
  document.documentElement.lang = state.language;
  document.title = text('title');
  document.querySelectorAll('[data-label]').forEach((node) => { node.textContent = text(node.dataset.label); });
  element('language').value = state.language;
  element('token-state').textContent = text(state.token ? 'tokenSet' : 'tokenNone');
  element('token-box').classList.toggle('active', state.token !== '');
  element('token-forget').disabled = state.token === '';
  drawRoles();
  drawExamples();
}

// become changes who asks; the schema is then read again as that caller.
function become(role, token) {
  const changed = token !== state.token;
  state.role = role;
  state.token = token;
  if (changed) {
    fetcher = fetcherFor(token);
    renderGraphiQL();
  }
  drawBar();
}

function listen() {
  element('language').addEventListener('change', (event) => {
    state.language = event.target.value;
    drawBar();
  });
  element('role').addEventListener('change', (event) => {
    const role = event.target.value;
    become(role, role === 'custom' ? state.token : state.devTokens[role] ?? '');
  });
  element('example').addEventListener('change', (event) => {
    const example = state.examples[Number.parseInt(event.target.value, 10)];
    event.target.value = '';
    if (!example) return;
    const known = example.role === 'anonymous' || example.role in state.devTokens;
    if (state.settings.dev && state.role !== 'custom' && known) {
      become(example.role, state.devTokens[example.role] ?? '');
    }
    openExample(example);
  });
  element('token-box').addEventListener('toggle', (event) => {
    if (event.target.open) element('token').focus();
  });
  element('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const token = element('token').value.trim().replace(/^(authorization:\s*)?bearer\s+/i, '');
    element('token').value = '';
    element('token-box').open = false;
    if (token) become('custom', token);
  });
  element('token-forget').addEventListener('click', () => {
    element('token-box').open = false;
    become('anonymous', '');
  });
  document.addEventListener('click', (event) => {
    if (!element('token-box').contains(event.target)) element('token-box').open = false;
  });
  element('token-box').addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    element('token-box').open = false;
    element('token-state').parentElement.focus();
  });
}

async function start() {
  drawBar();
  const [settings, examples] = await Promise.all([
    getJSON('settings.json', state.settings), getJSON('examples.json', []),
  ]);
  state.settings = settings;
  state.examples = readExamples(examples);
  if (settings.dev) state.devTokens = await getJSON('dev-tokens.json', {});
  fetcher = fetcherFor('');
  hint = text('hint');
  drawBar();
  listen();
  renderGraphiQL();
}

start().catch(() => { element('graphiql').textContent = text('failed'); });
