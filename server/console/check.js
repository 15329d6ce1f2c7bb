// What is wrong with the values of a form, before they are sent. The server has the
// last word; this saves a round trip, and says it beside the field.

import {
  fieldsOf, isChoice, isEnum, isList, isObject, itemOf,
} from './operation.js';

const most = 2 ** 31;

// check answers the problems by path, each the name of a label.
export function check(fields, values) {
  const found = new Map();
  for (const field of fields) checkField(field, values[field.name], [field.name], found);
  return found;
}

export const keyOf = (path) => path.join('.');

function checkField(field, value, path, found) {
  const bad = (problem) => found.set(keyOf(path), problem);
  if (value === undefined) {
    if (field.required) bad(missing(field));
    return;
  }
  if (value === null) {
    if (!field.nullable) bad('required');
    return;
  }
  if (isList(field.type)) checkList(field, value, path, found);
  else if (isObject(field.type)) checkObject(field, value, path, found);
  else checkLeaf(field, value, bad);
}

const missing = (field) => (field.type.name === 'ID' ? 'needsId' : 'required');

function checkList(field, value, path, found) {
  if (!Array.isArray(value)) {
    found.set(keyOf(path), 'notList');
    return;
  }
  value.forEach((item, i) => checkField(itemOf(field, String(i)), item ?? undefined, [...path, i], found));
}

function checkObject(field, value, path, found) {
  if (typeof value !== 'object' || Array.isArray(value)) {
    found.set(keyOf(path), 'notObject');
    return;
  }
  const inner = fieldsOf(field.type);
  const unknown = Object.keys(value).find((name) => !inner.some((one) => one.name === name));
  if (unknown !== undefined) found.set(keyOf(path), 'unknown');
  if (isChoice(field.type)) {
    const given = inner.filter((one) => value[one.name] !== undefined && value[one.name] !== null);
    if (given.length !== 1) found.set(keyOf(path), 'chooseOne');
    given.forEach((one) => checkField({ ...one, required: true }, value[one.name], [...path, one.name], found));
    return;
  }
  inner.forEach((one) => checkField(one, value[one.name], [...path, one.name], found));
}

function checkLeaf(field, value, bad) {
  const { type } = field;
  if (isEnum(type)) {
    if (!type.getValue(value)) bad('chooseOne');
    return;
  }
  switch (type.name) {
    case 'Int':
      if (!Number.isInteger(value) || value >= most || value < -most) bad('notWhole');
      break;
    case 'Float':
      if (typeof value !== 'number') bad('notNumber');
      break;
    case 'Boolean':
      if (typeof value !== 'boolean') bad('chooseOne');
      break;
    case 'DateTime':
      if (typeof value !== 'string' || !/^\d{4}-\d\d-\d\dT/.test(value) || Number.isNaN(Date.parse(value))) bad('notMoment');
      break;
    case 'Locale':
      if (!/^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$/.test(value)) bad('notLanguage');
      break;
    default:
      if (value === '' && field.required) bad(missing(field));
      else if (typeof value !== 'string') bad('notText');
  }
}
