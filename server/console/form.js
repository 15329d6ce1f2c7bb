// The form of an operation: an input for each variable, drawn from the schema.

import { check, keyOf } from './check.js';
import { Leaf } from './inputs.js';
import { fieldName } from './words.js';
import {
  at, empty, fieldsOf, isChoice, isList, isObject, isOwnId, itemOf, put,
} from './operation.js';

const { createElement: h, Fragment, useEffect, useRef, useState } = window.React;
const identifier = (path) => `f-${path.join('-')}`;

// Form draws the variables of one operation. What was sent by the server about a field
// (told) stands beside it, as what is wrong before sending does.
export function Form({
  id, heading, fields, values, broken, told, status, busy, isMutation, language, text, suggest, change, run, stop,
}) {
  const [tried, setTried] = useState(false);
  const form = useRef(null);
  useEffect(() => setTried(false), [id]);
  const problems = check(fields, values);
  const shared = {
    problems: tried ? problems : new Map(), told, isMutation, language, text, suggest, values, initial: useInitial(id, values),
    set: (path, value) => change(put(values, path, value)),
  };
  const submit = (event) => {
    event.preventDefault();
    if (busy) {
      stop();
      return;
    }
    setTried(true);
    if (problems.size > 0) {
      requestAnimationFrame(() => form.current?.querySelector('[aria-invalid="true"]')?.focus());
      return;
    }
    run();
  };
  return h(
    'form',
    { className: 'form', onSubmit: submit, noValidate: true, autoComplete: 'off', ref: form, 'aria-label': text('formTitle') },
    heading && h('h2', null, heading),
    broken && h('p', { className: 'problem', role: 'alert' }, text('brokenJSON')),
    fields.length === 0 && h('p', { className: 'help' }, text('noVariables')),
    h(Fields, { ...inside(fields), shared }),
    h(
      'div',
      { className: 'send' },
      h('button', { type: 'submit', disabled: broken }, text(busy ? 'stop' : isMutation ? 'send' : 'ask')),
      h('p', { role: 'status', className: status?.bad ? 'status problem' : 'status' }, tried && problems.size > 0
        ? `${text('problemsFound')} ${problems.size}` : status?.text ?? ''),
    ),
  );
}

// inside answers what is worth a frame: a lone `input` is not, its fields are.
function inside(fields) {
  const [only] = fields;
  const lone = fields.length === 1 && isObject(only.type) && !isChoice(only.type) && only.required;
  return lone ? { fields: fieldsOf(only.type), path: [only.name] } : { fields, path: [] };
}

// useInitial remembers what was there when the operation was opened: that is shown at
// once, the rest of what may be sent is folded away.
function useInitial(id, values) {
  const kept = useRef({ id: null, values: null });
  if (kept.current.id !== id) kept.current = { id, values };
  return kept.current.values;
}

function Fields({ fields, path, shared }) {
  const isShown = (field) => !isOwnId(field) && (field.required || at(shared.initial, [...path, field.name]) !== undefined);
  const shown = fields.filter(isShown);
  const more = fields.filter((field) => !isShown(field));
  const draw = (field) => h(Field, { key: field.name, field, path: [...path, field.name], shared });
  const isWrong = more.some((field) => shared.problems.has(keyOf([...path, field.name])) || shared.told.has(keyOf([...path, field.name])));
  return h(
    Fragment,
    null,
    shown.map(draw),
    more.length > 0 && h(
      'details',
      { className: 'more', ...(isWrong ? { open: true } : {}) },
      h('summary', null, `${shared.text('more')} (${more.length})`),
      more.map(draw),
    ),
  );
}

function Field({ field, path, shared }) {
  if (isList(field.type)) return h(List, { field, path, shared });
  if (isChoice(field.type)) return h(OneOf, { field, path, shared });
  if (isObject(field.type)) return h(Group, { field, path, shared });
  return h(Row, { field, path, shared });
}

function labelOf(field, shared) {
  return /^\d+$/.test(field.name) ? `${Number(field.name) + 1}` : fieldName(field.name, shared.language);
}

// notes are what stands below a label: help, and what is wrong. They are named by the
// input, so that a screen reader says them with it.
function notes(field, path, shared) {
  const key = keyOf(path);
  const problem = shared.told.get(key) ?? (shared.problems.has(key) ? shared.text(shared.problems.get(key)) : '');
  const id = identifier(path);
  const help = field.description;
  return {
    problem,
    named: [help && `${id}-help`, problem && `${id}-problem`].filter(Boolean).join(' ') || undefined,
    drawn: h(
      Fragment,
      null,
      help && h('span', { className: 'help', id: `${id}-help`, lang: 'en' }, help),
      problem && h('span', { className: 'problem', id: `${id}-problem` }, problem),
    ),
  };
}

function Mark({ field, shared }) {
  return field.required ? h('span', { className: 'required', title: shared.text('required') }, '\u00a0*') : null;
}

function Row({ field, path, shared }) {
  const { problem, named, drawn } = notes(field, path, shared);
  const value = at(shared.values, path);
  const set = (next) => shared.set(path, next);
  const id = identifier(path);
  return h(
    'div',
    { className: 'field' },
    h('label', { htmlFor: id }, labelOf(field, shared), h(Mark, { field, shared })),
    value === null
      ? h('input', { id, type: 'text', value: shared.text('cleared'), readOnly: true, 'aria-describedby': named })
      : h(Leaf, {
        field, value, set, text: shared.text,
        suggestions: field.type.name === 'ID' && !isOwnId(field) ? shared.suggest(path) : null,
        attributes: {
          id, 'aria-describedby': named, 'aria-invalid': problem ? 'true' : undefined, 'aria-required': field.required ? 'true' : undefined, name: path.join('.'),
        },
      }),
    field.nullable && shared.isMutation && !isOwnId(field) && h(Clear, { field, path, shared, value }),
    drawn,
  );
}

// Clear sends null, which is not the same as not sending: it clears what is stored.
function Clear({ field, path, shared, value }) {
  const isNull = value === null;
  if (!isNull && path.length < 2) return null; // a variable that is null is one that is absent
  return h('button', {
    type: 'button', className: 'quiet null', 'aria-pressed': isNull, title: shared.text('clearTitle'),
    'aria-label': `${shared.text('clear')}: ${labelOf(field, shared)}`, onClick: () => shared.set(path, isNull ? undefined : null),
  }, shared.text('clear'));
}

function Frame({ field, path, shared, children, tools }) {
  const { drawn, named, problem } = notes(field, path, shared);
  return h(
    'fieldset',
    { 'aria-describedby': named, 'aria-invalid': problem ? 'true' : undefined, tabIndex: problem ? -1 : undefined },
    h('legend', null, labelOf(field, shared), h(Mark, { field, shared })),
    tools,
    drawn,
    children,
  );
}

function button(shared, label, field, onClick) {
  return h('button', { type: 'button', className: 'quiet', 'aria-label': `${shared.text(label)}: ${labelOf(field, shared)}`, onClick }, shared.text(label));
}

function Group({ field, path, shared }) {
  const value = at(shared.values, path);
  const there = value !== undefined && value !== null;
  const tools = (!field.required || !there) && (there
    ? button(shared, 'leaveOut', field, () => shared.set(path, undefined))
    : button(shared, 'fillIn', field, () => shared.set(path, empty(field.type))));
  return h(Frame, { field, path, shared, tools }, there && h(Fields, { fields: fieldsOf(field.type), path, shared }));
}

function OneOf({ field, path, shared }) {
  const value = at(shared.values, path) ?? undefined;
  const inner = fieldsOf(field.type);
  const chosen = inner.find((one) => value?.[one.name] !== undefined);
  const id = `${identifier(path)}-which`;
  const choose = (name) => {
    const next = inner.find((one) => one.name === name);
    shared.set(path, next ? { [name]: empty(next.type) ?? '' } : field.required ? {} : undefined);
  };
  return h(
    Frame,
    { field, path, shared },
    h(
      'div',
      { className: 'field' },
      h('label', { htmlFor: id }, shared.text('which')),
      h(
        'select',
        { id, value: chosen?.name ?? '', onChange: (event) => choose(event.target.value) },
        h('option', { value: '' }, shared.text(field.required ? 'choose' : 'notSent')),
        inner.map((one) => h('option', { key: one.name, value: one.name }, fieldName(one.name, shared.language))),
      ),
    ),
    chosen && h(Field, { field: { ...chosen, required: true, nullable: false }, path: [...path, chosen.name], shared }),
  );
}

function List({ field, path, shared }) {
  const value = at(shared.values, path);
  const items = Array.isArray(value) ? value : [];
  const blank = itemOf(field, '0');
  const add = () => shared.set(path, [...items, empty(blank.type) ?? '']);
  const remove = (i) => {
    const rest = items.filter((_, one) => one !== i);
    shared.set(path, rest.length === 0 && !field.required ? undefined : rest);
  };
  return h(
    Frame,
    { field, path, shared },
    h('ol', { className: 'items' }, items.map((_, i) => {
      const item = itemOf(field, String(i));
      return h(
        'li',
        { key: `${i} of ${items.length}` },
        h(Field, { field: item, path: [...path, i], shared }),
        h('button', {
          type: 'button', className: 'quiet', 'aria-label': `${shared.text('remove')}: ${labelOf(field, shared)} ${i + 1}`, onClick: () => remove(i),
        }, shared.text('remove')),
      );
    })),
    button(shared, 'add', field, add),
  );
}
