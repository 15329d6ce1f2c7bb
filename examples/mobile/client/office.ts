// What the operator's people do while the app is used: no part of an app.
type Json = Record<string, any>;

const words = (text: string) => ['kk', 'ru', 'en'].map((locale) => ({ locale, text }));

const item = (code: string, kind: string, required: boolean, fields: string[], more: Json = {}) => ({
  code, kind, required, basis: 'CONSENT', retention: 'P1Y', recipients: [],
  title: words(code), statement: words(`I agree to: ${code}.`), fields: fields.map((field) => ({ field, required: false })), ...more,
});

// The facts of the version that is published in between: its items are worded
// differently, so that everybody is asked again, and names may be made public.
const facts = {
  lawTitle: [{ locale: 'ru', text: 'Закон Республики Казахстан от 21 мая 2013 года № 94-V «О персональных данных и их защите»' }],
  purposesEnd: words('When the account is closed.'),
  withdrawal: words('In the app.'),
  thirdParties: false, crossBorder: false, publicSources: true,
  items: [
    item('identify', 'PURPOSE', true, ['familyName', 'givenName', 'patronymic']),
    item('contact', 'PURPOSE', true, ['phone', 'email'], { channels: ['SMS', 'EMAIL'] }),
    item('stability', 'PURPOSE', false, ['accessTime', 'pageUrl'], { retention: 'P10D' }),
    item('improve', 'PURPOSE', false, ['householdSize', 'accessTime', 'userAgent'], { retention: 'P60D' }),
    item('members', 'PUBLICATION', false, ['givenName']),
  ],
  fields: [{ code: 'householdSize', class: 'OTHER', kind: 'INTEGER', mask: 'HIDDEN', label: words('People in the household') }],
  approval: { by: 'Director', at: '2026-11-01', reference: 'Order 1' },
};

export class Office {
  constructor(private readonly url: string, private readonly token: string) {}

  // publish puts another version of the policy in force and answers its id.
  async publish(app: string, label: string): Promise<string> {
    const texts = words(`# Policy ${label}`);
    const policy = { app, label, facts, texts };
    const { policyVersion: draft } = await this.mutate('createPolicyDraft', 'CreatePolicyDraft', 'policyVersion { id }', policy);
    await this.mutate('publishPolicyVersion', 'PublishPolicyVersion', 'policyVersion { id }', {
      id: draft.id, textChanges: [{ meaning: 'CORRECTION', reason: 'CONTENT' }],
    });
    return draft.id;
  }

  // passOn records that data was passed to the courier.
  async passOn(user: string): Promise<void> {
    await this.mutate('recordDisclosure', 'RecordDisclosure', 'disclosures { id }', {
      app: 'dala', users: [user], recipient: { name: 'Jel Courier LLP', country: 'KZ' }, fields: ['phone'], purpose: 'courier', ground: 'CONSENT',
    });
  }

  // erase fulfils a request to be erased, and answers the certificate's number.
  async erase(request: { id: string; revision: number }): Promise<string> {
    const mine = { id: request.id, expectedRevision: request.revision };
    const { request: taken } = await this.mutate('assignSubjectRequest', 'AssignSubjectRequest', 'request { revision }', mine);
    const done = { id: request.id, expectedRevision: taken.revision, outcome: 'ERASED' };
    const { request: answered } = await this.mutate('fulfilSubjectRequest', 'FulfilSubjectRequest', 'request { document { text } }', done);
    return /[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/.exec(answered.document.text)?.[0] ?? '';
  }

  private async mutate(field: string, input: string, answer: string, value: Json): Promise<Json> {
    const query = `mutation($input: ${input}Input!) { ${field}(input: $input) { ${answer} userErrors { code message path } } }`;
    const response = await fetch(this.url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${this.token}` },
      body: JSON.stringify({ query, variables: { input: value } }),
    });
    const { data, errors } = (await response.json()) as Json;
    const payload = data?.[field];
    if (errors || !payload || payload.userErrors.length > 0) throw new Error(`the office's ${field}: ${JSON.stringify(errors ?? payload)}`);
    return payload;
  }
}
