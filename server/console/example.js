// Ready operations: those that come with the console, and the operator's own.

import { ask } from './ask.js';
import { uuid7 } from './operation.js';
import { state } from './page.js';

// readExamples keeps what can be used and drops the rest, so that one mistake costs one example.
export function readExamples(list) {
  if (!Array.isArray(list)) return [];
  return list.filter((item) => item && typeof item.query === 'string' && item.query.trim() !== '').map((item) => ({
    role: typeof item.role === 'string' ? item.role : 'own',
    title: typeof item.title === 'object' && item.title ? item.title : {},
    query: item.query,
    variables: typeof item.variables === 'object' && item.variables ? item.variables : {},
  }));
}

export function titleOf(example) {
  return example.title[state.language] ?? example.title.en ?? Object.values(example.title)[0]
    ?? example.query.match(/^\s*(?:query|mutation)\s+(\w+)/m)?.[1] ?? '…';
}

const inForce = `query PolicyInForce($app: String, $locale: Locale) {
  policyInForce(app: $app) { id document(locale: $locale) { locale hash } }
}`;

// learnPolicy reads what is in force, when an example needs to name it. Everybody may.
async function learnPolicy(variables, memory) {
  const request = { query: inForce, variables: { app: variables.input?.app ?? variables.app, locale: state.language } };
  const { GraphQL } = window.GraphiQL;
  const answer = await ask(request);
  if (answer.data && state.schema) memory.learn(state.schema, GraphQL.parse(inForce), undefined, answer.data);
}

const day = 24 * 60 * 60 * 1000;

// fill makes the variables of an example. Where a value depends on the moment or on
// earlier answers it says {{language}}, {{uuid}}, {{now}}, {{monthAgo}}, {{tomorrow}}, or
// an object and a field as {{User.id}}. What is not known yet is left to be filled in.
export async function fill(variables, memory) {
  if (/\{\{Policy(Version|Document)\./.test(JSON.stringify(variables))) await learnPolicy(variables, memory);
  const moment = (offset) => () => new Date(Date.now() + offset).toISOString();
  const makers = {
    language: () => state.language, uuid: uuid7, now: moment(0), monthAgo: moment(-30 * day), tomorrow: moment(day),
  };
  const one = (value) => {
    if (Array.isArray(value)) return value.map(one).filter((item) => item !== undefined);
    if (value && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, one(inner)]).filter(([, inner]) => inner !== undefined));
    }
    const name = typeof value === 'string' && value.match(/^\{\{([\w.]+)\}\}$/)?.[1];
    if (!name) return value;
    return name in makers ? makers[name]() : memory.recall(name);
  };
  return one(variables);
}
