/**
 * Adding an identity provider: first which, then its form, with what has to be done there before. The key is proposed, so that
 * the callback address can be copied at once.
 */
import type Router from '@koa/router';
import { mayAsk } from '../ask.ts';
import type { FieldSpec, Values } from '../fields.ts';
import { type ConsoleFormModel, type FormPage, mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

const kinds = ['google', 'entra', 'okta', 'apple', 'openid'] as const;
export type ProviderKind = (typeof kinds)[number];

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/sign-in/add': {
      frame: ConsoleFrame;
      backHref: string;
      kinds: { kind: ProviderKind; href: string }[];
    };
    'console/sign-in/add-one': {
      frame: ConsoleFrame;
      form: ConsoleFormModel;
      kind: ProviderKind;
      /** Where the provider sends people back to, with the key that is typed. */
      callback: string;
    };
  }
}

interface Kind {
  kind: ProviderKind;
  fields: readonly FieldSpec[];
  initial: Values;
  /** What the form's body means to the operation. */
  complete?(body: Record<string, unknown>): Record<string, unknown>;
}

const key: FieldSpec = { name: 'key', kind: 'text', maxLength: 32 };
const name: FieldSpec = { name: 'name', kind: 'text', maxLength: 200 };
const client: readonly FieldSpec[] = [
  { name: 'client_id', kind: 'text', maxLength: 255 },
  { name: 'client_secret', kind: 'password' },
];
const allTenants: FieldSpec = { name: 'all_tenants', kind: 'check' };

/** The directory's id alone is enough; whoever pastes the whole issuer is taken by their word. */
function ofEntra(body: Record<string, unknown>): Record<string, unknown> {
  const isDirectory = typeof body.issuer === 'string' && /^[0-9a-z-]+$/i.test(body.issuer);
  return isDirectory ? { ...body, issuer: `https://login.microsoftonline.com/${body.issuer}/v2.0` } : body;
}

function ofOkta(body: Record<string, unknown>): Record<string, unknown> {
  const isHost = typeof body.issuer === 'string' && !body.issuer.includes('://');
  return isHost ? { ...body, issuer: `https://${String(body.issuer).replace(/\/$/, '')}` } : body;
}

const all: readonly Kind[] = [
  {
    kind: 'google',
    fields: [name, ...client, key],
    initial: { name: 'Google' },
    complete: (body) => ({ ...body, issuer: 'https://accounts.google.com' }),
  },
  {
    kind: 'entra',
    fields: [name, { name: 'issuer', kind: 'text', maxLength: 500 }, ...client, key],
    initial: { name: 'Microsoft' },
    complete: ofEntra,
  },
  {
    kind: 'okta',
    fields: [name, { name: 'issuer', kind: 'text', maxLength: 500 }, ...client, key],
    initial: { name: 'Okta' },
    complete: ofOkta,
  },
  {
    kind: 'apple',
    fields: [name, ...client, key],
    initial: { name: 'Apple' },
    // A key of another name says nothing of what Apple needs.
    complete: (body) => ({
      ...body,
      issuer: 'https://appleid.apple.com',
      scopes: ['email', 'name'],
      response_mode: 'form_post',
      claim_mapping: { email_verified_values: [true, 'true'] },
    }),
  },
  {
    kind: 'openid',
    fields: [
      name,
      { name: 'issuer', kind: 'url', maxLength: 500 },
      { name: 'client_id', kind: 'text', maxLength: 255 },
      { name: 'client_secret', kind: 'password', optional: true },
      { name: 'scopes', kind: 'lines', optional: true },
      key,
    ],
    initial: { scopes: 'email\nprofile' },
  },
];

/** Those who run the server may add one for all tenants. */
function mayServeAll({ tenant, holdings }: Visit): boolean {
  return tenant.isPlatform && holdings.everywhere('tenants.manage');
}

/** Keys are the whole server's: a tenant's begin with its own name. */
function proposedKey(visit: Visit, kind: ProviderKind): string {
  const own = `${visit.tenant.slug.slice(0, 31 - kind.length)}-${kind}`.replace(/--+/g, '-');
  return mayServeAll(visit) ? kind : own;
}

export function callbackAddress({ web }: Pick<Visit, 'web'>, providerKey: string): string {
  return `${web.issuer}/callback/${providerKey}`;
}

function drawOne(kind: ProviderKind): FormPage['drawIn'] {
  return (visit, form, status) => {
    const typed = form.fields.find(({ name }) => name === 'key')?.value.trim() ?? '';
    const callback = callbackAddress(visit, typed === '' ? proposedKey(visit, kind) : typed);
    draw(visit, 'console/sign-in/add-one', { form, kind, callback }, { status });
  };
}

function formOf({ kind, fields, initial, complete }: Kind): FormPage {
  return {
    path: `/sign-in/add/${kind}`,
    section: 'sign-in',
    operation: 'identity_providers.create',
    words: 'console.sign_in.add',
    fields: (visit) => (mayServeAll(visit) ? [...fields, allTenants] : [...fields]),
    initial: (visit) => ({ ...initial, key: proposedKey(visit, kind) }),
    complete: (body) => complete?.(body) ?? body,
    drawIn: drawOne(kind),
    back: () => '/sign-in/providers',
    // Whether it answers is seen at once.
    after: (visit, answer) => hrefTo(visit, `/sign-in/providers/${answer.key}/check`),
    notice: 'added',
  };
}

async function choose(visit: Visit): Promise<void> {
  const may = await mayAsk(visit, 'identity_providers.create');
  draw(visit, 'console/sign-in/add', {
    backHref: hrefTo(visit, '/sign-in/providers'),
    kinds: may ? kinds.map((kind) => ({ kind, href: hrefTo(visit, `/sign-in/add/${kind}`) })) : [],
  });
}

/** Mounts the choice, and a form for each kind. */
export function mountAddProvider(router: Router, deps: ConsoleDependencies): void {
  router.get('/sign-in/add', page(deps, 'sign-in', choose));
  for (const kind of all) mountForm(router, deps, formOf(kind));
}
