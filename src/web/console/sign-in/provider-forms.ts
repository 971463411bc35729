/** What is changed of an identity provider: how it is registered, its claims, and its secret. */
import type { FieldSpec } from '../fields.ts';
import type { FormPage } from '../form.ts';
import type { Visit } from '../visit.ts';
import { providerParams, providerPath, readProvider } from './provider-page.ts';

const claims = [
  'email',
  'email_verified',
  'name',
  'given_name',
  'family_name',
  'picture',
  'locale',
  'hosted_domain',
] as const;

const claimFields: FieldSpec[] = claims.map((claim) => ({
  name: `claim_mapping.${claim}`,
  kind: 'text',
  optional: true,
  empty: 'null',
  maxLength: 100,
}));
const verifiedValues: FieldSpec = { name: 'claim_mapping.email_verified_values', kind: 'lines', optional: true };

const isNoText = /^(?:true|false|-?\d{1,15})$/;

/** A value as it is in the token: `true` and `1` are no texts, in quotes they are. */
function tokenValue(text: string): unknown {
  return isNoText.test(text) ? JSON.parse(text) : text.replace(/^"(.*)"$/, '$1');
}

/** The mapping goes as a whole: what one left alone stays, what one emptied is as everywhere. */
async function wholeMapping(body: Record<string, unknown>, visit: Visit): Promise<unknown> {
  const { body: provider } = await readProvider(visit);
  const typed = (body.claim_mapping ?? {}) as Record<string, unknown>;
  const values = typed.email_verified_values as string[] | undefined;
  const changed = {
    ...provider.claim_mapping,
    ...typed,
    ...(values === undefined ? {} : { email_verified_values: values.map(tokenValue) }),
  };
  const named = Object.entries(changed).filter(([, value]) => value !== null);
  return { claim_mapping: Object.fromEntries(named) };
}

const shared = {
  section: 'sign-in',
  operation: 'identity_providers.update',
  params: providerParams,
  back: providerPath,
  notice: 'saved',
} as const;

async function stored(visit: Visit) {
  const { body, etag } = await readProvider(visit);
  return { stored: body, etag, subject: body.name };
}

/** The values that mean yes as they are typed: `true`, and `"true"` for the word. */
async function storedClaims(visit: Visit) {
  const { body, etag } = await readProvider(visit);
  const { email_verified_values: values, ...names } = body.claim_mapping;
  const typed = (Array.isArray(values) ? values : []).map((value) =>
    typeof value === 'string' && isNoText.test(value) ? `"${value}"` : String(value),
  );
  const claim_mapping = { ...names, email_verified_values: typed };
  return { stored: { claim_mapping }, etag, subject: body.name };
}

/** The forms of a provider, each at its own address. */
export const providerForms: readonly FormPage[] = [
  {
    ...shared,
    path: '/sign-in/providers/:key/edit',
    words: 'console.sign_in.edit',
    fields: () => [
      { name: 'name', kind: 'text', maxLength: 200 },
      { name: 'client_id', kind: 'text', maxLength: 255 },
      { name: 'scopes', kind: 'lines', optional: true },
      { name: 'response_mode', kind: 'select', options: [{ value: 'query' }, { value: 'form_post' }] },
    ],
    read: stored,
  },
  {
    ...shared,
    path: '/sign-in/providers/:key/claims',
    words: 'console.sign_in.claims',
    fields: () => [...claimFields, verifiedValues],
    read: storedClaims,
    complete: wholeMapping,
  },
  {
    ...shared,
    path: '/sign-in/providers/:key/secret',
    words: 'console.sign_in.secret',
    fields: () => [{ name: 'client_secret', kind: 'password' }],
    // Nothing of it is shown, but another change in between is told.
    read: async (visit) => ({ ...(await stored(visit)), stored: {} }),
    fresh: true,
    notice: 'secret_saved',
  },
];
