import { fetcherFor } from './ask.js';
import * as editor from './editor.js';
import { fill, readExamples, titleOf } from './example.js';
import { readSchema } from './operation.js';
import {
  element, getJSON, roleName, state, text,
} from './page.js';
import { listener, memory, redraw } from './panel.js';
import * as signin from './signin.js';

// ---- Who asks

// become changes who asks. What was asked before belongs to whoever asked it.
function become(change) {
  editor.stop();
  Object.assign(state, change);
  drawBar();
}

const roles = { SERVICE: 'service', SUPPORT: 'support', COMPLIANCE: 'compliance', SECURITY: 'security', AUDITOR: 'auditor' };

// greet asks the server who it takes us for.
async function greet(session) {
  const said = await getJSON('me.json', null, { Authorization: `Bearer ${await session.token()}` });
  if (!said) throw new signin.SignInError('unreachable');
  if (said.problem) throw new signin.SignInError(said.problem === 'UNAVAILABLE' ? 'keysDown' : 'tokenRefused');
  const known = (said.roles ?? []).map((role) => roles[role]).filter(Boolean);
  if (known.length === 0) throw new signin.SignInError('noRole');
  return known;
}

async function trySigningIn(steps) {
  become({ notice: 'signingIn' });
  try {
    await steps();
  } catch (error) {
    become({ session: null, roles: [], notice: error instanceof signin.SignInError ? error.label : 'failed' });
  }
}

// ---- The bar

function option(value, label, selected) {
  return new Option(label, value, false, selected);
}

function drawRoles() {
  const order = Object.keys(text('roles'));
  const granted = Object.keys(state.devTokens).sort((a, b) => order.indexOf(a) - order.indexOf(b));
  const all = ['anonymous', ...granted, ...(state.role === 'custom' ? ['custom'] : [])];
  element('role').replaceChildren(...all.map((role) => option(role, roleName(role), role === state.role)));
  element('role-field').hidden = !state.settings.dev;
}

// mine tells the examples that whoever signed in can use.
const mine = (example) => state.roles.length === 0 || ['anonymous', 'own', ...state.roles].includes(example.role);

function drawExamples() {
  const groups = new Map();
  const order = [...state.roles, ...Object.keys(text('roles'))];
  state.examples.forEach((example, index) => {
    if (!mine(example)) return;
    if (!groups.has(example.role)) {
      const group = document.createElement('optgroup');
      group.label = roleName(example.role);
      groups.set(example.role, group);
    }
    groups.get(example.role).append(option(String(index), titleOf(example), false));
  });
  const sorted = [...groups].sort(([a], [b]) => order.indexOf(a) - order.indexOf(b));
  element('example').replaceChildren(option('', text('chooseExample'), true), ...sorted.map(([, group]) => group));
}

function drawSignIn() {
  const { issuers } = state.settings;
  element('signin').hidden = issuers.length === 0;
  element('token-box').hidden = issuers.length > 0;
  element('signed-in').textContent = state.session ? `${text('signedIn')} ${state.roles.map(roleName).join(', ')}` : '';
  element('sign-out').hidden = !state.session;
  element('sign-in').replaceChildren(...(state.session ? [] : issuers).map((issuer) => {
    const button = document.createElement('button');
    button.type = 'button';
    button.textContent = issuers.length > 1 ? `${text('signIn')}: ${new URL(issuer.issuer).host}` : text('signIn');
    button.addEventListener('click', () => trySigningIn(() => signin.begin(issuer)));
    return button;
  }));
  element('notice').textContent = state.notice ? text(state.notice) : '';
  element('notice').hidden = !state.notice;
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
  drawSignIn();
  redraw();
}

function showQuery(shown) {
  document.body.classList.toggle('plain', !shown);
  element('show-query').setAttribute('aria-pressed', String(shown));
  editor.seen();
}

let opening = null;

async function openExample(example) {
  const known = example.role === 'anonymous' || example.role in state.devTokens;
  if (state.settings.dev && state.role !== 'custom' && known) {
    become({ role: example.role, token: state.devTokens[example.role] ?? '' });
  }
  opening = example; // another may be chosen while this one asks what is in force
  const variables = await fill(example.variables, memory);
  if (opening !== example) return;
  editor.open(example.query, JSON.stringify(variables, null, 2));
  redraw();
}

function listenToBar() {
  element('language').addEventListener('change', (event) => {
    state.language = event.target.value;
    drawBar();
  });
  element('role').addEventListener('change', (event) => {
    const role = event.target.value;
    become({ role, token: role === 'custom' ? state.token : state.devTokens[role] ?? '' });
  });
  element('example').addEventListener('change', (event) => {
    const example = state.examples[Number.parseInt(event.target.value, 10)];
    event.target.value = '';
    if (example) openExample(example);
  });
  element('show-query').addEventListener('click', () => showQuery(document.body.classList.contains('plain')));
  element('sign-out').addEventListener('click', async () => {
    await state.session.end();
    location.reload(); // what was answered goes, too
  });
}

function listenToTokenBox() {
  const box = element('token-box');
  box.addEventListener('toggle', () => { if (box.open) element('token').focus(); });
  element('token-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const token = element('token').value.trim().replace(/^(authorization:\s*)?bearer\s+/i, '');
    element('token').value = '';
    box.open = false;
    if (token) become({ role: 'custom', token });
  });
  element('token-forget').addEventListener('click', () => {
    box.open = false;
    become({ role: 'anonymous', token: '' });
  });
  document.addEventListener('click', (event) => { if (!box.contains(event.target)) box.open = false; });
  box.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    box.open = false;
    element('token-state').parentElement.focus();
  });
}

async function readSchemaText() {
  const response = await fetch(state.settings.schema);
  return readSchema(await response.text());
}

function firstExample() {
  const own = state.examples.filter((one) => mine(one));
  const example = own.find((one) => state.roles.includes(one.role)) ?? own[0];
  if (example) openExample(example);
}

async function start() {
  drawBar();
  const [settings, examples, saved] = await Promise.all([
    getJSON('settings.json', state.settings), getJSON('examples.json', []), getJSON('saved.json', []),
  ]);
  Object.assign(state.settings, settings);
  state.examples = [...readExamples(examples), ...readExamples(saved)];
  if (settings.dev) state.devTokens = await getJSON('dev-tokens.json', {});
  state.schema = await readSchemaText();
  const ready = new Promise((resolve) => { listener.ready = resolve; });
  listenToBar();
  listenToTokenBox();
  showQuery(false);
  const over = (label) => {
    Object.assign(state, { session: null, roles: [], notice: label });
    drawBar();
  };
  editor.draw({
    fetcher: fetcherFor(listener, over), schema: state.schema, firstText: text('hint'), listener,
  });
  await ready;
  if (signin.isBack()) {
    await trySigningIn(async () => {
      const session = await signin.finish(state.settings.issuers);
      become({ session, roles: await greet(session), notice: '' });
    });
  }
  drawBar();
  firstExample();
}

start().catch(() => { element('graphiql').textContent = text('failed'); });
