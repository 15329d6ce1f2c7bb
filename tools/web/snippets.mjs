// The TypeScript of a guide, one block after the other, as one module:
//   node snippets.mjs docs/mobile.md >examples/mobile/client/guide.ts
import { readFileSync } from 'node:fs';

const guide = readFileSync(process.argv[2], 'utf8');
const blocks = [...guide.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block);
if (blocks.length === 0) throw new Error('the guide has no TypeScript');
console.log(blocks.join('\n'));
