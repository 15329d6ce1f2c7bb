// The public audits of GraphQL over HTTP, against a running server:
//   node audit.mjs http://127.0.0.1:8080/graphql
// Introspection has to be on for whoever calls. The token in TOKEN, if set, is sent.
// Anything but ok fails, a notice ("MAY") too.
import { serverAudits } from 'graphql-http';

const [url] = process.argv.slice(2);
const token = process.env.TOKEN;

function fetchFn(input, init = {}) {
  const headers = new Headers(init.headers);
  if (token) headers.set('authorization', `Bearer ${token}`);
  return fetch(input, { ...init, headers });
}

const audits = serverAudits({ url, fetchFn });
let passed = 0;
for (const audit of audits) {
  const { status, reason = '' } = await audit.fn();
  if (status === 'ok') passed++;
  else console.log(`${status} ${audit.id} ${audit.name}: ${reason}`);
}
console.log(`audit: ${passed} of ${audits.length} audits of GraphQL over HTTP passed`);
if (passed === 0 || passed < audits.length) process.exitCode = 1;
