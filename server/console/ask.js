// Requests to the API, and the fetcher that GraphiQL is given.

import { bearer, state, text } from './page.js';
import { SignInError } from './signin.js';

// ask answers what the API does; trouble on the way is an answer with `errors`, too.
// Over is told when the session has ended.
export async function ask(request, signal, over) {
  const failed = (message) => ({ errors: [{ message }] });
  const headers = {
    'Content-Type': 'application/json',
    Accept: 'application/graphql-response+json, application/json;q=0.9',
    'Accept-Language': state.language,
  };
  try {
    const token = await bearer();
    if (token) headers.Authorization = `Bearer ${token}`;
  } catch (error) {
    const label = error instanceof SignInError ? error.label : 'failed';
    if (label === 'sessionOver') over?.(label);
    return failed(text(label));
  }
  let response;
  try {
    response = await fetch(state.settings.endpoint, {
      method: 'POST', headers, body: JSON.stringify(request), cache: 'no-store', redirect: 'error', signal,
    });
  } catch {
    return failed(text('unreachable'));
  }
  try {
    return await response.json();
  } catch {
    return failed(text('notJSON') + response.status);
  }
}

// fetcherFor answers an observable, because GraphiQL can stop nothing else. The
// listener hears of each request and of its answer, unless it was stopped.
export function fetcherFor(listener, over) {
  return (request) => ({
    subscribe({ next, complete }) {
      const stop = new AbortController();
      listener.asked(request);
      ask(request, stop.signal, over).then((answer) => {
        if (stop.signal.aborted) return;
        next(answer);
        complete();
        listener.answered(request, answer);
      });
      return { unsubscribe: () => { stop.abort(); listener.stopped(); } };
    },
  });
}
