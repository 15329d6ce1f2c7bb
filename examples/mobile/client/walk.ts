// Walks every operation of the app against a running server, as a new person:
//   PERSON=token OFFICER=token node out/client/walk.js http://127.0.0.1:8080/graphql ../manifest.json
// The officer's token is one of compliance. WHOLE=1 sends documents, not hashes.
// On the way answers are lost, decisions wait without a network, and another
// version of the policy is published. Anything unexpected ends it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { connect } from './client.js';
import { Network } from './network.js';
import { Office } from './office.js';
import * as op from './operations.js';
import { Queue } from './queue.js';
import { check, Walk } from './step.js';

const [url = '', manifestFile = 'manifest.json'] = process.argv.slice(2);
const { PERSON: token, OFFICER: officer = '', WHOLE: whole } = process.env;
const manifest = JSON.parse(readFileSync(manifestFile, 'utf8'));
const ids = new Map<string, string>(manifest.operations.map((o: { body: string; id: string }) => [o.body, o.id]));
const app = 'dala';
const locale = 'en';

// What the person sees and decides on: the version, in the language that was shown.
interface Shown {
  version: string;
  locale: string;
  documentHash: string;
}

const network = new Network();
const walk = new Walk();
const office = new Office(url, officer);
const hash = whole ? undefined : hashOf;
const stranger = connect({ url, fetch: network.fetch, hash });
const me = connect({ url, token, fetch: network.fetch, hash });

// hashOf is the manifest's: a document that is not in it was built by nobody.
function hashOf(body: string): string {
  const id = ids.get(body);
  if (!id) throw new Error(`the manifest has no such document: ${body}`);
  return id;
}

const screen = (shown: Shown, decisions: op.DecisionInput[], more: Partial<op.ConsentInput> = {}): op.ConsentInput => ({
  ...shown, decisions, eventId: randomUUID(), deviceAt: new Date().toISOString(), appBuild: '1.0.0+1', ...more,
});
const given = (item: string): op.DecisionInput => ({ item, decision: 'GIVEN' });
const refused = (item: string): op.DecisionInput => ({ item, decision: 'REFUSED' });

async function main(): Promise<void> {
  const shown = await beforeSignIn();
  const user = await register(shown);
  await profile();
  await consents(shown, user);
  await offline(shown);
  await newVersion(shown);
  await others(user);
  await technical();
  await rights();
  await goodbye();
  await strangersDocument();
  const missed = manifest.operations.filter((o: { name: string }) => !walk.walked.has(o.name)).map((o: { name: string }) => o.name);
  check('operations that were not walked', missed, []);
  console.log(`walk: ${walk.walked.size} operations, ${network.lost} answers lost on the way`);
}

async function beforeSignIn(): Promise<Shown> {
  const { policyInForce: policy } = await walk.ask(stranger, op.ShowPolicyDocument, { locale }, 'the policy, its form and its switches');
  if (!policy) throw new Error('no policy is in force');
  await walk.ask(stranger, op.ProfileFormDocument, { locale }, 'the inputs');
  await walk.ask(stranger, op.AboutOperatorDocument, { app, locale }, 'who answers for the data');
  const { policyVersions } = await walk.ask(stranger, op.PolicyHistoryDocument, { app }, 'older versions');
  check('versions', policyVersions.nodes.length, 1);
  await walk.ask(stranger, op.PolicyVersionDocument, { id: policy.id, locale }, 'one of them');
  return { version: policy.id, locale: policy.document.locale, documentHash: policy.document.hash };
}

async function register(shown: Shown): Promise<string> {
  const { me: nobody } = await walk.ask(me, op.StartDocument, { locale }, 'nobody is registered yet');
  check('me', nobody, null);
  const input: op.RegisterMeInput = {
    locale, idempotencyKey: randomUUID(),
    profile: { familyName: 'Сейіт', givenName: 'Анна', phone: '8 701 555 11 22' },
    consent: screen(shown, [given('identify'), given('contact'), refused('marketing')]),
  };
  network.loseNext(2);
  const { registerMe } = await walk.ask(me, op.RegisterMeDocument, { input }, 'two answers lost, sent again by the client');
  const { registerMe: again } = await walk.ask(me, op.RegisterMeDocument, { input }, 'and again');
  check('the same person', again.user?.id === registerMe.user?.id, true);
  check('events of the person', again.user?.consentSeq, 3);
  const { me: user } = await walk.ask(me, op.StartDocument, { locale }, 'registered');
  check('what is required is agreed to', user?.policyStatus.accepted, true);
  if (!user) throw new Error('nobody is registered');
  return user.id;
}

async function profile(): Promise<void> {
  const { me: before } = await walk.ask(me, op.MyProfileDocument, { locale }, 'the form, filled');
  const expectedRevision = before?.revision ?? 0;
  const input: op.UpdateMyProfileInput = { profile: { email: 'anna@mail.example' }, expectedRevision, idempotencyKey: randomUUID() };
  network.loseNext();
  const { updateMyProfile } = await walk.ask(me, op.UpdateMyProfileDocument, { input }, 'its answer lost, sent again');
  check('changed once', updateMyProfile.user?.revision, expectedRevision + 1);
  const other = { ...input, profile: { email: 'other@mail.example' } };
  await walk.ask(me, op.UpdateMyProfileDocument, { input: other }, 'the same key for another change', 'IDEMPOTENCY_MISMATCH');
  await walk.ask(me, op.ConfirmMyDataDocument, { input: { expectedRevision: expectedRevision + 1 } }, 'yes, it still holds');
  const { me: after } = await walk.ask(me, op.MyChangesDocument, {}, 'who changed what');
  check('changes', after?.changes.nodes.map((c) => c.action), ['user.confirmed', 'user.updated', 'user.registered']);
}

async function consents(shown: Shown, user: string): Promise<void> {
  const decided = screen(shown, [given('courier'), given('improve')]);
  await walk.ask(me, op.RecordConsentDocument, { input: { consent: decided } }, 'two switches turned on');
  const { me: list } = await walk.ask(me, op.MyConsentsDocument, {}, 'what was decided');
  const courier = list?.consents.nodes.find((c) => c.item === 'courier');
  await walk.ask(me, op.MyConsentDocument, { id: courier?.id ?? '' }, 'one decision');
  await office.passOn(user);
  const { me: passed } = await walk.ask(me, op.MyDisclosuresDocument, {}, 'who was given my data');
  const disclosures = passed?.disclosures.nodes.map((d) => d.id) ?? [];
  await walk.ask(me, op.MarkDisclosuresSeenDocument, { input: { disclosures } }, 'told of them');
  await walk.ask(me, op.MyChannelsDocument, {}, 'by which ways');
  const channels: op.SetChannelPreferencesInput = { item: 'contact', channels: [{ channel: 'SMS', allowed: false }], idempotencyKey: randomUUID() };
  await walk.ask(me, op.SetChannelPreferencesDocument, { input: channels }, 'no SMS');
  await walk.ask(me, op.WithdrawConsentDocument, { input: { eventId: randomUUID(), items: ['courier'] } }, 'taken back');
}

// offline: what is decided without a network counts once, and only as it was decided.
async function offline(shown: Shown): Promise<void> {
  const before = await consentSeq();
  const queue = new Queue();
  const consent = screen(shown, [given('courier')], { knownConsentSeq: before });
  network.away = true;
  queue.add({ kind: 'record', variables: { input: { consent } } });
  check('sent without a network', (await queue.replay(me)).length, 0);
  network.away = false;
  network.loseNext(2);
  const [outcome] = await queue.replay(me);
  check('counted', outcome?.userErrors, []);
  queue.add({ kind: 'record', variables: { input: { consent } } });
  check('sent once more', (await queue.replay(me)).map((o) => o.userErrors), [[]]);
  check('events', (await consentSeq()) - before, 1);
  const altered = { ...consent, decisions: [refused('courier')] };
  await walk.ask(me, op.RecordConsentDocument, { input: { consent: altered } }, 'altered on the way', 'EVENT_ID_REUSED');
  await walk.ask(me, op.WithdrawConsentDocument, { input: { eventId: randomUUID(), items: ['courier'] } }, 'on another phone');
  const late = screen(shown, [given('courier')], { knownConsentSeq: before });
  await walk.ask(me, op.RecordConsentDocument, { input: { consent: late } }, 'what waited does not undo that', 'CONSENT_WITHDRAWN_SINCE');
}

// newVersion: a decision that waited while the policy moved on brings the new text.
async function newVersion(shown: Shown): Promise<void> {
  const queue = new Queue();
  network.away = true;
  queue.add({ kind: 'record', variables: { input: { consent: screen(shown, [refused('improve')]) } } });
  await queue.replay(me);
  const published = await office.publish(app, `walk ${randomUUID()}`);
  network.away = false;
  const [outcome] = await queue.replay(me);
  const [refusal] = outcome?.userErrors ?? [];
  check('the decision that waited', refusal?.code, 'VERSION_OUTDATED');
  check('names the new version', refusal?.parameters?.find((p) => p.name === 'policyVersionId')?.value === published, true);
  const { me: user } = await walk.ask(me, op.PendingConsentsDocument, { locale }, 'the new text, and what has changed');
  const pending = user?.pendingConsents ?? [];
  const [first] = pending;
  check('it is shown', first?.version.id === published && first.changes.length > 0, true);
  const { document } = first!.version;
  const seen = { version: published, locale: document.locale, documentHash: document.hash };
  const consent = screen(seen, pending.map(({ item: { code } }) => (code === 'improve' ? refused(code) : given(code))), { knownConsentSeq: user?.consentSeq });
  await walk.ask(me, op.RecordConsentDocument, { input: { consent } }, 'decided anew');
  const { me: after } = await walk.ask(me, op.StartDocument, { locale }, 'on with the app');
  check('what is required is agreed to', after?.policyStatus.accepted, true);
}

async function others(user: string): Promise<void> {
  const fields = ['givenName'];
  await walk.ask(me, op.SetFieldVisibilityDocument, { input: { fields, visibility: 'PUBLIC', idempotencyKey: randomUUID() } }, 'the first name, to everybody');
  const { publicProfile } = await walk.ask(stranger, op.PublicProfileDocument, { id: user, app }, 'what others see');
  check('public', publicProfile.fields.map((f) => f.code), fields);
  await walk.ask(me, op.SetFieldVisibilityDocument, { input: { fields, visibility: 'PRIVATE', idempotencyKey: randomUUID() } }, 'and to nobody again');
}

async function technical(): Promise<void> {
  const event = { at: new Date().toISOString(), page: '/start', userAgent: 'Dala/1.0.0' };
  const { recordTechnicalData } = await walk.ask(me, op.RecordTechnicalDataDocument, { input: { events: [event], idempotencyKey: randomUUID() } }, 'what the device sends');
  check('kept, and dropped', [recordTechnicalData.kept, recordTechnicalData.dropped], [['accessTime', 'pageUrl'], ['userAgent']]);
  await walk.ask(me, op.MyTechnicalDataDocument, {}, 'what is kept of it');
}

async function rights(): Promise<void> {
  const { submitSubjectRequest: access } = await walk.ask(me, op.SubmitRequestDocument, { input: { kind: 'ACCESS', locale, idempotencyKey: randomUUID() } }, 'what is held of me');
  await walk.ask(me, op.MyRequestDocument, { id: access.request?.id ?? '', locale }, 'the answer');
  const { requestExport } = await walk.ask(me, op.RequestExportDocument, { input: { locale, idempotencyKey: randomUUID() } }, 'a copy');
  const { me: user } = await walk.ask(me, op.MyRequestsDocument, {}, 'what was asked');
  check('requests', user?.requests.nodes.map((r) => [r.kind, r.state]), [['ACCESS', 'FULFILLED'], ['EXPORT', 'FULFILLED']]);
  const path = requestExport.export?.path ?? '';
  const fetched = () => fetch(new URL(path, url), { headers: { authorization: `Bearer ${token}` } });
  const copy = await fetched();
  check('the copy', [copy.status, copy.headers.get('content-type')], [200, 'application/zip']);
  check('the copy, fetched twice', (await fetched()).status, 410);
}

// goodbye: the account is to be deleted, then not, then it is.
async function goodbye(): Promise<void> {
  const ask = async (what: string) => {
    const { submitSubjectRequest } = await walk.ask(me, op.SubmitRequestDocument, { input: { kind: 'ERASURE', locale, idempotencyKey: randomUUID() } }, what);
    return submitSubjectRequest.request!;
  };
  const { id, revision: expectedRevision } = await ask('delete my account');
  await walk.ask(me, op.CancelRequestDocument, { input: { id, expectedRevision } }, 'no, keep it');
  const certificate = await office.erase(await ask('delete it after all'));
  const { erasureCertificate } = await walk.ask(me, op.ErasureCertificateDocument, { id: certificate, locale }, 'what remains: that it was done');
  check('on what ground', erasureCertificate?.ground, 'PERSON_ASKED');
  const { me: nobody } = await walk.ask(me, op.StartDocument, { locale }, 'nobody is registered any more');
  check('me', nobody, null);
}

// strangersDocument: where apps are held to their manifest, nobody asks anything else.
async function strangersDocument(): Promise<void> {
  if (whole) return;
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${token}` };
  const response = await fetch(url, { method: 'POST', headers, body: JSON.stringify({ query: '{ me { id } }' }) });
  check('a document that is not the app\'s', response.status, 403);
}

async function consentSeq(): Promise<number> {
  const { me: user } = await walk.ask(me, op.StartDocument, { locale }, 'how things stand');
  return user?.consentSeq ?? 0;
}

await main();
