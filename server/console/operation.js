// What an operation asks of whoever runs it: its variables, as the schema types them.

const { GraphQL } = window.GraphiQL;

export function readSchema(text) {
  return GraphQL.buildSchema(text, { assumeValid: true });
}

// operationAt answers the operation at a place of the document, by default the last
// one that begins before it; null while the document cannot be read.
export function operationAt(text, offset) {
  let document;
  try {
    document = GraphQL.parse(text);
  } catch {
    return null;
  }
  const all = document.definitions.filter((one) => one.kind === 'OperationDefinition');
  const operation = all.findLast((one) => one.loc.start <= offset) ?? all[0];
  return operation ? { operation, document } : null;
}

// variablesOf answers the variables of an operation as fields of a form. One of a
// type that the schema does not have is left out: GraphiQL marks it in the text.
export function variablesOf(operation, schema) {
  return (operation.variableDefinitions ?? []).flatMap((definition) => {
    const type = GraphQL.typeFromAST(schema, definition.type);
    if (!type || !GraphQL.isInputType(type)) return [];
    const given = definition.defaultValue && GraphQL.valueFromAST(definition.defaultValue, type);
    return [fieldOf(definition.variable.name.value, type, '', given)];
  });
}

function fieldOf(name, type, description, initial) {
  const bare = GraphQL.isNonNullType(type) ? type.ofType : type;
  return {
    name, type: bare, description: description || describe(bare), initial,
    nullable: bare === type, required: bare !== type && initial === undefined,
  };
}

function describe(type) {
  if (GraphQL.isListType(type)) return '';
  return GraphQL.isSpecifiedScalarType(type) ? '' : (type.description ?? '');
}

export const isList = (type) => GraphQL.isListType(type);
export const isObject = (type) => GraphQL.isInputObjectType(type);
export const isEnum = (type) => GraphQL.isEnumType(type);
export const isChoice = (type) => isObject(type) && Boolean(type.isOneOf);

export function fieldsOf(type) {
  return Object.values(type.getFields())
    .filter((field) => !field.deprecationReason)
    .map((field) => fieldOf(field.name, field.type, field.description ?? '', field.defaultValue));
}

export function itemOf(list, name) {
  return fieldOf(name, list.type.ofType, '', undefined);
}

// empty is what a field begins with once it is there.
export function empty(type) {
  if (isList(type)) return [];
  if (!isObject(type)) return undefined;
  if (isChoice(type)) return {};
  const out = {};
  for (const field of fieldsOf(type)) {
    const value = field.required ? empty(field.type) : undefined;
    if (value !== undefined) out[field.name] = value;
  }
  return out;
}

// complete puts what is required and has an inside in its place, so that it can be filled.
export function complete(fields, values) {
  let out = values;
  for (const field of fields) {
    const value = values[field.name];
    let next = value;
    if (value === undefined && field.required) next = empty(field.type);
    else if (isObject(field.type) && !isChoice(field.type) && value && typeof value === 'object') next = complete(fieldsOf(field.type), value);
    if (next !== value) out = { ...out, [field.name]: next };
  }
  return out;
}

// ---- Values, by path

export function at(value, path) {
  return path.reduce((inner, step) => (inner === undefined || inner === null ? undefined : inner[step]), value);
}

// put answers a copy with one value replaced; undefined takes it out.
export function put(value, path, next) {
  if (path.length === 0) return next;
  const [step, ...rest] = path;
  const copy = Array.isArray(value) ? [...value] : { ...(value ?? {}) };
  const inner = put(copy[step], rest, next);
  if (inner !== undefined) copy[step] = inner;
  else if (Array.isArray(copy)) copy.splice(step, 1);
  else delete copy[step];
  return copy;
}

// ---- Ids that clients make

// uuid7 makes the ids that clients make: event ids and idempotency keys.
export function uuid7() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  new DataView(bytes.buffer).setBigUint64(0, (BigInt(Date.now()) << 16n) | BigInt(bytes[6] << 8 | bytes[7]));
  bytes[6] = (bytes[6] & 0x0f) | 0x70;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-');
}

export const isOwnId = (field) => field.name === 'idempotencyKey' || field.name === 'eventId';

// withIds gives every act that is there an id of its own; renew replaces those it has.
export function withIds(fields, values, renew) {
  let out = values;
  for (const field of fields) {
    const value = values[field.name];
    let next = value;
    if (isOwnId(field)) next = renew || value === undefined || value === '' ? uuid7() : value;
    else if (isObject(field.type) && value && typeof value === 'object') next = withIds(fieldsOf(field.type), value, renew);
    else if (isList(field.type) && Array.isArray(value)) next = itemIds(field, value, renew);
    if (next !== value) out = { ...out, [field.name]: next };
  }
  return out;
}

function itemIds(field, values, renew) {
  const item = itemOf(field, field.name);
  if (!isObject(item.type)) return values;
  const next = values.map((value) => (value && typeof value === 'object' ? withIds(fieldsOf(item.type), value, renew) : value));
  return next.some((value, i) => value !== values[i]) ? next : values;
}
