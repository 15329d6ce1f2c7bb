// Decisions that wait for a network. An act is written down whole before it is
// sent, and sent as it was written down until there is an answer.
import type { Client } from '@urql/core';
import {
  RecordConsentDocument, type RecordConsentMutationVariables, WithdrawConsentDocument, type WithdrawConsentMutationVariables,
} from './operations.js';

export type Act =
  | { kind: 'record'; variables: RecordConsentMutationVariables }
  | { kind: 'withdraw'; variables: WithdrawConsentMutationVariables };

export interface UserError {
  code: string;
  parameters?: { name: string; value: string }[];
}

// What became of an act: counted, or refused for a reason that the app shows.
export interface Outcome {
  act: Act;
  userErrors: UserError[];
}

export class Queue {
  // On a phone this is an encrypted file.
  private written: string[] = [];

  get length(): number {
    return this.written.length;
  }

  add(act: Act): void {
    this.written.push(JSON.stringify(act));
  }

  // replay sends what waits, in its order, and answers what is done with. An act
  // without an answer stays, and so does all behind it; one that is to be sent
  // later lets withdrawals pass.
  async replay(client: Client): Promise<Outcome[]> {
    const done: Outcome[] = [];
    let held = false;
    for (const text of [...this.written]) {
      const act: Act = JSON.parse(text);
      if (held && act.kind === 'record') continue;
      const userErrors = await send(client, act);
      if (!userErrors) break;
      if (userErrors.some(({ code }) => later.has(code))) {
        held = true;
        continue;
      }
      this.written.splice(this.written.indexOf(text), 1);
      done.push({ act, userErrors });
    }
    return done;
  }
}

// later are refusals that end with time: the same act is sent again.
const later = new Set(['TOO_MANY_CHANGES', 'IDEMPOTENCY_IN_PROGRESS']);

// send answers undefined when there was no answer.
async function send(client: Client, act: Act): Promise<UserError[] | undefined> {
  if (act.kind === 'record') {
    const { data } = await client.mutation(RecordConsentDocument, act.variables).toPromise();
    return data?.recordConsent.userErrors;
  }
  const { data } = await client.mutation(WithdrawConsentDocument, act.variables).toPromise();
  return data?.withdrawConsent.userErrors;
}
