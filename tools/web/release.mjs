// The schema as a release leaves it, without its words, which break nobody:
//   node release.mjs schema.graphqls >schema.released.graphqls
import { readFileSync } from 'node:fs';
import { parse, print, visit } from 'graphql';

const [file] = process.argv.slice(2);
const wordless = { enter: ({ description, ...node }) => (description ? node : undefined) };
console.log('# The API as the last release had it, written by `make release-schema`.');
console.log(print(visit(parse(readFileSync(file, 'utf8')), wordless)));
