// What the answers of this page said of objects: their ids, and the figures that the
// next step has to send back. Nothing personal is kept, and nothing outlives the page.

const { GraphQL } = window.GraphiQL;
const kept = ['id', 'revision', 'consentSeq', 'hash'];
const most = 50;

export class Memory {
  constructor() {
    this.latest = new Map(); // by type
    this.ids = []; // newest first: { id, type }
  }

  // learn reads an answer as the query's types say.
  learn(schema, document, operationName, data) {
    const operation = document.definitions.find((one) => one.kind === 'OperationDefinition'
      && (!operationName || one.name?.value === operationName));
    const root = operation && schema.getRootType(operation.operation);
    if (root && data) this.walk({ schema, document, seen: new Set() }, operation.selectionSet, root, data);
  }

  walk(on, selections, type, value) {
    const said = {};
    for (const selection of selections.selections) {
      if (selection.kind !== 'Field') {
        const part = selection.kind === 'FragmentSpread'
          ? on.document.definitions.find((one) => one.kind === 'FragmentDefinition' && one.name.value === selection.name.value)
          : selection;
        const narrower = part?.typeCondition ? on.schema.getType(part.typeCondition.name.value) : type;
        if (part && narrower && (!value.__typename || value.__typename === narrower.name || narrower === type)) {
          this.walk(on, part.selectionSet, narrower, value);
        }
        continue;
      }
      const field = type.getFields?.()[selection.name.value];
      const inner = value[(selection.alias ?? selection.name).value];
      if (!field || inner === undefined || inner === null) continue;
      if (kept.includes(field.name) && typeof inner !== 'object') said[field.name] = inner;
      if (selection.selectionSet) {
        const named = GraphQL.getNamedType(field.type);
        for (const one of [inner].flat(2)) if (one && typeof one === 'object') this.walk(on, selection.selectionSet, named, one);
      }
    }
    this.keep(on, type.name, said);
  }

  // keep takes the first of a list, and adds to what is known of the same object.
  keep(on, type, said) {
    if (Object.keys(said).length === 0) return;
    const before = this.latest.get(type);
    if (before && said.id !== undefined && before.id === said.id) Object.assign(before, said);
    else if (!on.seen.has(type)) this.latest.set(type, { ...said });
    on.seen.add(type);
    if (said.id !== undefined && !this.ids.some((one) => one.id === said.id)) {
      this.ids = [{ id: said.id, type }, ...this.ids].slice(0, most);
    }
  }

  // recall answers what a placeholder such as User.id stands for.
  recall(name) {
    const [type, field] = name.split('.');
    return this.latest.get(type)?.[field];
  }

  // idsFor answers the ids that a field may mean, those of its type first.
  idsFor(field, owner) {
    const fits = guess(field, owner);
    return [...this.ids].sort((a, b) => (b.type === fits) - (a.type === fits));
  }
}

const names = {
  user: 'User', users: 'User', people: 'User', subject: 'User', version: 'PolicyVersion', consent: 'Consent', disclosure: 'Disclosure', disclosures: 'Disclosure',
};

function guess(field, owner) {
  return names[field] ?? ['SubjectRequest', 'RecipientNotice', 'Breach', 'Policy', 'Obstacle'].find((type) => owner?.includes(type)) ?? '';
}
