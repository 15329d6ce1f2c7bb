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

  // replay sends what waits, in its order. It ends at the first act without an
  // answer, which stays, and so does what is behind it.
  async replay(client: Client): Promise<Outcome[]> {
    const done: Outcome[] = [];
    for (let first = this.written[0]; first !== undefined; first = this.written[0]) {
      const act: Act = JSON.parse(first);
      const userErrors = await send(client, act);
      if (!userErrors) break;
      this.written.shift();
      done.push({ act, userErrors });
    }
    return done;
  }
}

// send answers undefined when there was no answer.
async function send(client: Client, act: Act): Promise<UserError[] | undefined> {
  if (act.kind === 'record') {
    const { data } = await client.mutation(RecordConsentDocument, act.variables).toPromise();
    return data?.recordConsent.userErrors;
  }
  const { data } = await client.mutation(WithdrawConsentDocument, act.variables).toPromise();
  return data?.withdrawConsent.userErrors;
}
