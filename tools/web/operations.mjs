// What follows from the operations of an app:
//   node operations.mjs schema.graphqls examples/mobile
// They are validated, manifest.json is written for the server that holds the app
// to them (Apollo's format of persisted queries), and their types and documents
// for the client, client/operations.ts.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { codegen } from '@graphql-codegen/core';
import * as typedDocuments from '@graphql-codegen/typed-document-node';
import * as typescript from '@graphql-codegen/typescript-operations';
import { buildSchema, parse, print, validate } from 'graphql';

const [schemaFile, folder] = process.argv.slice(2);
const source = readFileSync(schemaFile, 'utf8');
const schema = buildSchema(source);

const documents = readdirSync(folder).filter((name) => name.endsWith('.graphql')).sort().map((name) => {
  const location = join(folder, name);
  const document = parse(readFileSync(location, 'utf8'));
  for (const error of validate(schema, document)) fail(`${location}: ${error.message}`);
  const [operation, ...more] = document.definitions;
  if (more.length > 0 || operation.name?.value !== basename(name, '.graphql')) fail(`${location}: one operation, named as its file`);
  return { location, document, operation };
});

const operations = documents.map(({ document, operation }) => {
  const body = print(document);
  return { id: createHash('sha256').update(body).digest('hex'), name: operation.name.value, type: operation.operation, body };
});
const manifest = { format: 'apollo-persisted-query-manifest', version: 1, operations };
writeFileSync(join(folder, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);

const config = {
  scalars: { DateTime: 'string', Locale: 'string' }, enumType: 'string-literal', useTypeImports: true, avoidOptionals: { field: true },
};
writeFileSync(join(folder, 'client', 'operations.ts'), await codegen({
  filename: 'operations.ts', schema: parse(source), schemaAst: schema, documents, config,
  plugins: [{ operations: {} }, { documents: {} }], pluginMap: { operations: typescript, documents: typedDocuments },
}));
console.log(`operations: ${operations.length} are valid, in the manifest, and typed`);

function fail(message) {
  console.error(message);
  process.exit(1);
}
