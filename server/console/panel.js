// The form beside the editors: drawn anew whenever these change, and written back
// into the variables, so that either may be edited.

import * as editor from './editor.js';
import { titleOf } from './example.js';
import { Form } from './form.js';
import { Memory } from './memory.js';
import {
  complete, operationAt, variablesOf, withIds,
} from './operation.js';
import { element, state, text } from './page.js';

const { ReactDOM, GraphiQL: { GraphQL } } = window;

export const memory = new Memory();
let root;
let current = null; // what the form shows
let told = new Map(); // what the server said about fields
let status = null; // a label, or what went wrong in the server's words
let asked = null; // the variables of the request under way

// redraw reads the editors and draws their form.
export function redraw() {
  const now = editor.now();
  if (!now || !state.schema) return;
  root ??= ReactDOM.createRoot(element('form'));
  const found = operationAt(now.query, now.offset);
  if (found) current = read(now, found);
  if (!current) return;
  root.render(window.React.createElement(Form, {
    key: current.id,
    id: current.id, heading: heading(now.query), fields: current.fields, values: current.values, broken: current.broken, told,
    status: status?.label ? { text: text(status.label) } : status,
    busy: now.busy, isMutation: current.operation.operation === 'mutation', language: state.language, text,
    suggest: (path) => memory.idsFor(path.findLast((step) => typeof step === 'string'), owner()),
    change: (values) => {
      write(values, false);
      redraw(); // at once, or the caret would jump
    },
    run: () => editor.run(current.operation.name?.value),
    stop: editor.stop,
  }));
}

// heading is what the ready operation in the editor is called, or the operation itself.
function heading(query) {
  const example = state.examples.find((one) => one.query === query);
  return example ? titleOf(example) : current.operation.name?.value;
}

const owner = () => current.fields.find((field) => field.name === 'input')?.type.name ?? '';

function read(now, { operation, document }) {
  const fields = variablesOf(operation, state.schema);
  const id = `${now.tab} ${operation.name?.value ?? ''} ${fields.map((field) => `${field.name}:${field.type}`).join(' ')}`;
  let values = {};
  let broken = false;
  try {
    values = now.variables.trim() === '' ? {} : JSON.parse(now.variables);
    broken = typeof values !== 'object' || values === null || Array.isArray(values);
  } catch {
    broken = true;
  }
  if (broken) values = current?.id === id ? current.values : {};
  if (id !== current?.id) {
    told = new Map();
    status = null;
  }
  if (!broken && !(now.typing && id === current?.id)) { // nothing is put under somebody's hands
    const whole = withIds(fields, complete(fields, values), false);
    if (whole !== values) {
      values = whole;
      queueMicrotask(() => write(whole, true));
    }
  }
  return {
    id, operation, document, fields, values, broken,
  };
}

function write(values, byPage) {
  editor.setVariables(JSON.stringify(values, null, 2), byPage);
}

// What the fetcher tells of requests.
export const listener = {
  ready() {},
  changed: () => queueMicrotask(redraw),
  asked(request) {
    asked = JSON.stringify(request.variables ?? {});
    told = new Map();
    status = { label: 'asking' };
    queueMicrotask(redraw);
  },
  answered(request, answer) {
    if (answer.data) memory.learn(state.schema, GraphQL.parse(request.query), request.operationName, answer.data);
    const refused = Object.values(answer.data ?? {}).flatMap((payload) => payload?.userErrors ?? []);
    const errors = answer.errors ?? [];
    for (const { path, message } of refused) told.set(['input', ...(path ?? [])].join('.'), message);
    status = refused.length + errors.length > 0
      ? { bad: true, text: [...errors, ...refused].map((one) => one.message).join(' ') }
      : { label: current?.operation.operation === 'mutation' ? 'done' : 'answered' };
    const same = current && JSON.stringify(current.values) === asked;
    if (same && errors.length === 0 && refused.length === 0 && current.operation.operation === 'mutation') {
      write(withIds(current.fields, current.values, true), false);
    }
    queueMicrotask(redraw);
  },
  stopped() {
    status = { label: 'stopped' };
    queueMicrotask(redraw);
  },
};
