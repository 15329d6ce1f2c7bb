// One input for each kind of value. Each gets and gives the value as it is sent;
// undefined is "not sent".

import { isEnum } from './operation.js';

const h = window.React.createElement;

// Leaf draws the input of a value that holds no others.
export function Leaf(props) {
  const { field } = props;
  if (isEnum(field.type)) return h(Choice, props);
  switch (field.type.name) {
    case 'Boolean': return h(Switch, props);
    case 'Int': case 'Float': return h(Figure, props);
    case 'DateTime': return h(Moment, props);
    case 'Locale': return h(Language, props);
    default: return h(Text, props);
  }
}

const long = new Set(['text', 'note', 'whatHappened', 'statement']);

function Text({ field, value, set, attributes, suggestions }) {
  const shared = {
    ...attributes, value: typeof value === 'string' ? value : '', autoComplete: 'off', spellCheck: false,
    onChange: (event) => set(event.target.value === '' && !field.required ? undefined : event.target.value),
  };
  if (long.has(field.name)) return h('textarea', { ...shared, rows: 3 });
  if (!suggestions?.length) return h('input', { ...shared, type: 'text' });
  const list = `${attributes.id}-list`;
  return h(
    window.React.Fragment,
    null,
    h('input', { ...shared, type: 'text', list }),
    h('datalist', { id: list }, suggestions.map((one) => h('option', { key: one.id, value: one.id }, one.type))),
  );
}

function Figure({ field, value, set, attributes }) {
  const read = (text) => {
    if (text === '') return undefined;
    const number = Number(text);
    return Number.isNaN(number) ? text : number;
  };
  return h('input', {
    ...attributes, type: 'text', inputMode: field.type.name === 'Int' ? 'numeric' : 'decimal', autoComplete: 'off',
    value: value ?? '', onChange: (event) => set(read(event.target.value.trim())),
  });
}

function Switch({ field, value, set, attributes, text }) {
  const read = { '': undefined, true: true, false: false };
  return h(
    'select',
    { ...attributes, value: typeof value === 'boolean' ? String(value) : '', onChange: (event) => set(read[event.target.value]) },
    h('option', { value: '' }, text(field.required ? 'choose' : 'notSent')),
    h('option', { value: 'true' }, text('yes')),
    h('option', { value: 'false' }, text('no')),
  );
}

function Choice({ field, value, set, attributes, text }) {
  return h(
    'select',
    { ...attributes, value: field.type.getValue(value) ? value : '', onChange: (event) => set(event.target.value || undefined) },
    h('option', { value: '' }, text(field.required ? 'choose' : 'notSent')),
    field.type.getValues().map((one) => h('option', { key: one.name, value: one.name }, one.description ? `${one.name}: ${one.description}` : one.name)),
  );
}

function Language({ value, set, attributes }) {
  const list = `${attributes.id}-list`;
  return h(
    window.React.Fragment,
    null,
    h('input', {
      ...attributes, type: 'text', list, size: 6, autoComplete: 'off', spellCheck: false, value: value ?? '',
      onChange: (event) => set(event.target.value || undefined),
    }),
    h('datalist', { id: list }, ['kk', 'ru', 'en'].map((one) => h('option', { key: one, value: one }))),
  );
}

// A moment is shown as of this computer's time zone, and sent in UTC.
function local(moment) {
  const at = new Date(moment);
  if (Number.isNaN(at.getTime())) return '';
  const two = (number) => String(number).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}T${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

function Moment({ value, set, attributes }) {
  return h('input', {
    ...attributes, type: 'datetime-local', step: 1, value: value ? local(value) : '',
    onChange: (event) => set(event.target.value ? new Date(event.target.value).toISOString() : undefined),
  });
}
