// That the care for the schema finds what it looks for: node --test care.test.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import graphql from '@graphql-eslint/eslint-plugin';
import { Linter } from 'eslint';
import { deprecation } from './deprecation.mjs';

const before = `
  directive @allow(roles: [Role!]!) on FIELD_DEFINITION
  enum Role { SUBJECT SUPPORT }
  type User { id: ID! "Words." name: String }
  type Query { me: User @allow(roles: [SUBJECT]) user(id: ID!): User @allow(roles: [SUBJECT, SUPPORT]) }
  type Mutation { save(name: String): User @allow(roles: [SUBJECT]) }
`;

function compare(change, declared = []) {
  const folder = mkdtempSync(join(tmpdir(), 'care-'));
  const files = ['before', 'after', 'declared'].map((name) => join(folder, name));
  [before, change(before), JSON.stringify(declared)].forEach((text, i) => writeFileSync(files[i], text));
  const script = fileURLToPath(new URL('changes.mjs', import.meta.url));
  const { status, stdout } = spawnSync(process.execPath, [script, ...files], { encoding: 'utf8' });
  rmSync(folder, { recursive: true });
  return { status, stdout };
}

test('what is added, or said in other words, breaks nothing', () => {
  const { status, stdout } = compare((s) => s.replace('"Words."', '"Other words."').replace('id: ID!', 'id: ID! phone: String'));
  assert.equal(status, 0);
  assert.match(stdout, /0 break, 0 are dangerous, 1 are neither/);
});

test('what breaks fails, and passes when it is declared', () => {
  const remove = (s) => s.replace('"Words." name: String }', '}');
  const change = "Field 'name' was removed from object type 'User'";
  assert.equal(compare(remove).status, 1);
  assert.equal(compare(remove, [{ change, reason: 'nobody used it for 90 days' }]).status, 0);
  assert.equal(compare(remove, [{ change }]).status, 1, 'a declaration without a reason');
  assert.equal(compare((s) => s, [{ change, reason: 'once' }]).status, 1, 'a declaration of what is not');
});

test('an argument that has to be given breaks', () => {
  assert.equal(compare((s) => s.replace('save(name: String)', 'save(name: String!)')).status, 1);
});

test('a role that is shut out breaks', () => {
  const { status, stdout } = compare((s) => s.replace('[SUBJECT, SUPPORT]', '[SUBJECT]'));
  assert.equal(status, 1);
  assert.match(stdout, /Role SUPPORT may not call 'user' any more/);
});

test('a new value of an enum is printed, and passes', () => {
  const { status, stdout } = compare((s) => s.replace('SUPPORT }', 'SUPPORT AUDITOR }'));
  assert.equal(status, 0);
  assert.match(stdout, /dangerous, to be announced: .*AUDITOR/);
});

test('a deprecation says what to use, and until when', () => {
  const config = [{
    files: ['**/*.graphqls'], languageOptions: { parser: graphql.parser },
    plugins: { kelisim: { rules: { deprecation } } }, rules: { 'kelisim/deprecation': 'error' },
  }];
  const found = (directive) => new Linter().verify(`type Query { a: Int ${directive} }`, config, 'a.graphqls').length;
  assert.equal(found('@deprecated(reason: "Use b. Removed after 2027-04-01.")'), 0);
  for (const wrong of ['', '(reason: "Use b.")', '(reason: "Removed after 2027-04-01.")', '(reason: "Use b. Removed after 2027-13-01.")']) {
    assert.equal(found(`@deprecated${wrong}`), 1, wrong);
  }
});
