// Signing in at the company's identity provider: the authorization code flow with PKCE,
// as a public client. Tokens are in this page's memory and nowhere else. While the
// browser is away at the provider, the tab's storage holds what proves that the answer
// belongs to the question (state, nonce, verifier), and nothing after that.

const pending = 'kelisim.signin';
const early = 30_000; // how long before its end a token is renewed, in milliseconds

// SignInError names the label that tells people what happened.
export class SignInError extends Error {
  constructor(label) {
    super(label);
    this.label = label;
  }
}

const base64url = (bytes) => btoa(String.fromCharCode(...new Uint8Array(bytes)))
  .replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
const random = () => base64url(crypto.getRandomValues(new Uint8Array(32)));
const callback = () => new URL('callback', location.href).href;

async function discover(issuer) {
  let found;
  try {
    const response = await fetch(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`, { redirect: 'error', referrerPolicy: 'no-referrer' });
    found = response.ok ? await response.json() : null;
  } catch {
    found = null;
  }
  if (!found) throw new SignInError('providerDown');
  if (found.issuer !== issuer || !found.authorization_endpoint || !found.token_endpoint) throw new SignInError('providerOther');
  return found;
}

// begin goes to the provider; the page comes back at callback.
export async function begin({ issuer, clientId, scopes }) {
  if (!crypto.subtle) throw new SignInError('needsHTTPS');
  const { authorization_endpoint: to } = await discover(issuer);
  const asked = { issuer, state: random(), nonce: random(), verifier: random() };
  const challenge = base64url(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(asked.verifier)));
  sessionStorage.setItem(pending, JSON.stringify(asked));
  const address = new URL(to);
  for (const [name, value] of Object.entries({
    response_type: 'code', client_id: clientId, redirect_uri: callback(), scope: scopes.join(' '),
    state: asked.state, nonce: asked.nonce, code_challenge: challenge, code_challenge_method: 'S256',
  })) address.searchParams.set(name, value);
  location.assign(address);
}

// isBack tells whether the page was opened by the provider's answer.
export const isBack = () => location.pathname.endsWith('/callback');

// finish makes a session of the provider's answer, and takes the answer out of the
// address and of the tab's storage first: it counts once.
export async function finish(issuers) {
  const answer = new URLSearchParams(location.search);
  const asked = JSON.parse(sessionStorage.getItem(pending) ?? 'null');
  sessionStorage.removeItem(pending);
  history.replaceState(null, '', new URL('.', location.href));
  const client = issuers.find((one) => one.issuer === asked?.issuer);
  if (!client || answer.get('state') !== asked.state || (answer.get('iss') ?? asked.issuer) !== asked.issuer) {
    throw new SignInError('notOurs');
  }
  if (answer.has('error') || !answer.get('code')) throw new SignInError('signInRefused');
  const provider = await discover(client.issuer);
  const session = new Session(client, provider);
  await session.exchange({
    grant_type: 'authorization_code', code: answer.get('code'), redirect_uri: callback(), code_verifier: asked.verifier,
  }, asked.nonce);
  return session;
}

// Session holds the tokens of whoever signed in.
class Session {
  #token = '';

  #refresh = '';

  #until = 0;

  #renewing = null;

  constructor(client, provider) {
    this.client = client;
    this.provider = provider;
  }

  // token answers one that holds, renewed when it is about to end.
  async token() {
    if (Date.now() < this.#until - early) return this.#token;
    if (!this.#refresh) {
      if (Date.now() < this.#until) return this.#token;
      throw new SignInError('sessionOver');
    }
    this.#renewing ??= this.exchange({ grant_type: 'refresh_token', refresh_token: this.#refresh })
      .finally(() => { this.#renewing = null; });
    try {
      await this.#renewing;
    } catch (error) {
      if (error.label !== 'providerDown' || Date.now() >= this.#until) throw error;
    }
    return this.#token; // the old one, while it holds and the provider is away
  }

  async exchange(fields, nonce) {
    let status = 0;
    let said = null;
    try {
      const response = await fetch(this.provider.token_endpoint, {
        method: 'POST', redirect: 'error', body: new URLSearchParams({ ...fields, client_id: this.client.clientId }),
      });
      status = response.status;
      said = await response.json();
    } catch {
      if (status === 0 || status >= 500) throw new SignInError('providerDown');
    }
    if (status !== 200 || !said?.access_token) throw new SignInError(nonce ? 'signInRefused' : 'sessionOver');
    if (nonce) this.verify(said.id_token, nonce);
    this.#token = said.access_token;
    this.#refresh = said.refresh_token ?? this.#refresh;
    this.#until = Date.now() + (said.expires_in ?? 300) * 1000;
  }

  // verify holds the identity token against what was asked. It came from the provider
  // itself over TLS, which stands for its signature; the server verifies what it is sent.
  verify(idToken, nonce) {
    let claims;
    try {
      const part = idToken.split('.')[1].replaceAll('-', '+').replaceAll('_', '/');
      claims = JSON.parse(new TextDecoder().decode(Uint8Array.from(atob(part), (c) => c.charCodeAt(0))));
    } catch {
      throw new SignInError('notOurs');
    }
    const ours = claims.iss === this.client.issuer && [claims.aud].flat().includes(this.client.clientId);
    if (!ours || claims.nonce !== nonce || !(claims.exp * 1000 > Date.now())) throw new SignInError('notOurs');
  }

  // end forgets the tokens, and takes the right to renew them back at the provider.
  async end() {
    const refresh = this.#refresh;
    this.#token = '';
    this.#refresh = '';
    this.#until = 0;
    if (!refresh || !this.provider.revocation_endpoint) return;
    try {
      await fetch(this.provider.revocation_endpoint, {
        method: 'POST', redirect: 'error', body: new URLSearchParams({ token: refresh, token_type_hint: 'refresh_token', client_id: this.client.clientId }),
      });
    } catch {
      // It ends by itself; the page has forgotten it in any case.
    }
  }
}
