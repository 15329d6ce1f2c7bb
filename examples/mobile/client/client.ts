// How the app talks to the server: urql's core, which needs neither React nor a
// browser, sends documents as they were written, and leaves out what is not
// asked for, a cache above all: personal data does not belong into one.
import { Client, type CombinedError, fetchExchange } from '@urql/core';
import { persistedExchange } from '@urql/exchange-persisted';
import { retryExchange } from '@urql/exchange-retry';

export interface Connection {
  url: string;
  token?: string | undefined;
  fetch: typeof fetch;
  // The hash under which the server knows a document; absent: whole documents are sent.
  hash?: ((body: string) => string) | undefined;
}

export function connect({ url, token, fetch, hash }: Connection): Client {
  const persisted = hash && persistedExchange({
    enforcePersistedQueries: true,
    enableForMutation: true,
    preferGetForPersistedQueries: false, // what is in a URL ends in logs
    generateHash: async (body) => hash(body), // looked up: React Native has no WebCrypto to compute it
  });
  return new Client({
    url,
    fetch,
    preferGetMethod: false,
    fetchOptions: { headers: token ? { authorization: `Bearer ${token}` } : {} },
    exchanges: [
      retryExchange({ initialDelayMs: 100, maxNumberAttempts: 4, retryIf: passes }),
      ...(persisted ? [persisted] : []),
      fetchExchange,
    ],
  });
}

// passes: whether the same request, sent again, may be answered. It is sent with
// the same variables, eventId and idempotencyKey among them, so it counts once.
function passes({ networkError, graphQLErrors }: CombinedError): boolean {
  return !!networkError || graphQLErrors.some(({ extensions }) => extensions.code === 'UNAVAILABLE' || extensions.code === 'TIMEOUT');
}
