// What became of the API since the last release:
//   node changes.mjs schema.released.graphqls schema.graphqls schema-changes.json
// A change that breaks clients fails unless the third file declares it, with a
// reason. A declaration of what does not break fails too, so that the file says
// what the next release breaks and nothing else. What may surprise clients, such
// as a new value of an enum, is printed.
import { readFileSync } from 'node:fs';
import { CriticalityLevel, diff } from '@graphql-inspector/core';
import { buildSchema } from 'graphql';

const [released, today] = process.argv.slice(2, 4).map((file) => buildSchema(readFileSync(file, 'utf8')));
const declared = new Map(JSON.parse(readFileSync(process.argv[4], 'utf8')).map((d) => [d.change, d.reason]));

// Words break nobody, and of directives clients see what they do, not that they
// are there: @allow is compared below, and @deprecated is a change of its own.
const changes = (await diff(released, today)).filter((c) => !/DESCRIPTION|^DIRECTIVE_USAGE/.test(c.type));
const at = (level) => changes.filter((c) => c.criticality.level === level).map((c) => c.message);
const breaking = [...at(CriticalityLevel.Breaking), ...shutOut()];

let failures = 0;
for (const change of breaking) {
  const reason = declared.get(change);
  declared.delete(change);
  if (!reason) failures++;
  console.log(reason ? `breaks, as declared: ${change} (${reason})` : `BREAKS, and is not declared: ${change}`);
}
for (const change of at(CriticalityLevel.Dangerous)) console.log(`dangerous, to be announced: ${change}`);
for (const change of declared.keys()) {
  failures++;
  console.log(`DECLARED, and breaks nothing: ${change}`);
}
const rest = at(CriticalityLevel.NonBreaking).length;
console.log(`changes since the release: ${breaking.length} break, ${at(CriticalityLevel.Dangerous).length} are dangerous, ${rest} are neither`);
if (failures > 0) process.exitCode = 1;

// shutOut names the roles that may not call a root field any more.
function shutOut() {
  const out = [];
  for (const root of ['getQueryType', 'getMutationType']) {
    const now = today[root]().getFields();
    for (const [name, before] of Object.entries(released[root]().getFields())) {
      const lost = now[name] ? roles(before).filter((role) => !roles(now[name]).includes(role)) : [];
      for (const role of lost) out.push(`Role ${role} may not call '${name}' any more`);
    }
  }
  return out;
}

function roles(field) {
  const allow = field.astNode.directives.find((d) => d.name.value === 'allow');
  return allow?.arguments[0].value.values.map((v) => v.value) ?? [];
}
