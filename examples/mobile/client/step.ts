// One step of the walk: an operation is sent, and its answer looked at.
import type { AnyVariables, Client, TypedDocumentNode } from '@urql/core';

export class Walk {
  readonly walked = new Set<string>();

  // ask sends an operation, prints a line, and answers its data. userErrors fail
  // unless their code is expected.
  async ask<D, V extends AnyVariables>(client: Client, document: TypedDocumentNode<D, V>, variables: V, what: string, expected?: string): Promise<D> {
    const [definition] = document.definitions;
    if (definition?.kind !== 'OperationDefinition' || !definition.name) throw new Error('a document is one operation with a name');
    const name = definition.name.value;
    const result = definition.operation === 'mutation' ? client.mutation(document, variables) : client.query(document, variables);
    const { data, error } = await result.toPromise();
    if (error || !data) throw new Error(`${name}, ${what}: ${error}`);
    const code = refusal(data);
    if (code !== expected) throw new Error(`${name}, ${what}: ${JSON.stringify(data)}`);
    this.walked.add(name);
    console.log(`ok  ${name.padEnd(22)} ${what}${code ? `: ${code}` : ''}`);
    return data;
  }
}

// refusal is the first code of userErrors.
function refusal(data: object): string | undefined {
  for (const payload of Object.values(data)) {
    const code = payload?.userErrors?.[0]?.code;
    if (code) return code;
  }
  return undefined;
}

export function check(what: string, got: unknown, want: unknown): void {
  if (JSON.stringify(got) !== JSON.stringify(want)) throw new Error(`${what}: ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
  console.log(`    ${what}: ${JSON.stringify(got)}`);
}
