// What the modules of the page share.

import { labels, languages } from './labels.js';

export const element = (id) => document.getElementById(id);

// Everything the page remembers. Nothing is written to the browser's storage:
// tokens are secrets, and variables are personal data.
export const state = {
  settings: { endpoint: '/graphql', schema: '/schema.graphql', dev: false, issuers: [] },
  language: languages.find((code) => navigator.language.startsWith(code)) ?? 'en',
  devTokens: {},
  role: 'anonymous', // of the role picker
  roles: [], // of whoever signed in
  token: '', // pasted, or of the role picker
  session: null, // of whoever signed in
  notice: '', // label of what went wrong with signing in
  examples: [],
  schema: null,
};

export const text = (key) => labels[state.language][key];
export const roleName = (role) => text('roles')[role] ?? role;

// bearer is the token to send, or ''.
export async function bearer() {
  return state.session ? state.session.token() : state.token;
}

export async function getJSON(name, fallback, headers = {}) {
  try {
    const response = await fetch(name, { headers, cache: 'no-store' });
    return response.ok ? await response.json() : fallback;
  } catch {
    return fallback;
  }
}
