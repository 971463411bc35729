/**
 * Owns realistic contents for every hosted page, for its tests and its pictures. The people and
 * organisations are invented; the addresses belong to the reserved example domains.
 */

import { readdirSync } from 'node:fs';
import type { MessageChannel } from '../../src/web/pages/sign-in-view-models.ts';
import type { ErrorModel, PageContext, ViewModels, ViewName } from '../../src/web/pages/view-models.ts';

export type PageSample = {
  [V in ViewName]: { name: string; view: V; page: Partial<PageContext>; model: ViewModels[V] };
}[ViewName];

/** The pages that one way to sign in has for itself, each in a file of its own that exports `samples`. */
const folder = new URL('./page-samples/', import.meta.url);
const ofMethods: { samples: PageSample[] }[] = await Promise.all(
  readdirSync(folder)
    .sort()
    .map((file) => import(new URL(file, folder).href)),
);

/** The moment at which the samples are looked at. */
export const sampleNow = new Date('2025-11-20T14:30:00Z');

const anna = { name: 'Anna Larsson', email: 'anna.larsson@northwind.example' };

const portal = {
  name: 'Northwind Portal',
  policyUri: 'https://portal.northwind.example/privacy',
  tosUri: 'https://portal.northwind.example/terms',
};

const xsrf = [{ name: 'xsrf', value: '3b0b9d1a5b0e4c0f' }];

const google = { key: 'google', name: 'Google', href: '/interaction/x/federation/google' };
const contoso = { key: 'contoso', name: 'Contoso', href: '/interaction/x/federation/contoso' };
const byCode = (channel: MessageChannel) => ({ channel, href: `/interaction/x/code?channel=${channel}` });

/** The page's surroundings for a sample; `origin` serves the sample logos. */
export function samplePage(origin: string, overrides: Partial<PageContext> = {}): PageContext {
  return {
    locale: 'en',
    localeLinks: [
      { code: 'en', name: 'English', href: '?lang=en', current: overrides.locale !== 'fr' },
      { code: 'fr', name: 'Français', href: '?lang=fr', current: overrides.locale === 'fr' },
    ],
    theme: 'system',
    server: { name: 'Gatehouse' },
    tenant: {
      name: 'Northwind Logistics',
      logoUrl: `${origin}/samples/northwind.svg`,
      accentColor: '#2a5bd7',
    },
    client: null,
    requestId: '019a9f2c-77d3-7a41-9c1e-5d2f6b8e0a34',
    ...overrides,
  };
}

/** One entry for every state of a page that looks different. */
export function pageSamples(origin: string): PageSample[] {
  const errors: [name: string, page: Partial<PageContext>, model: ErrorModel][] = [
    [
      'error-expired',
      { client: portal },
      {
        kind: 'expired',
        code: 'INTERACTION_EXPIRED',
        wayOn: { href: 'https://portal.northwind.example/', label: 'back_to_app' },
      },
    ],
    ['error-conflict', {}, { kind: 'conflict', code: 'INTERACTION_NOT_FOUND', wayOn: { href: '/', label: 'home' } }],
    [
      'error-rate-limited',
      {},
      {
        kind: 'rate_limited',
        code: 'TOO_MANY_ATTEMPTS',
        retryAfterSeconds: 110,
        wayOn: { href: '/', label: 'try_again' },
      },
    ],
    [
      'error-unavailable',
      {},
      { kind: 'unavailable', code: 'SERVICE_BUSY', retryAfterSeconds: 5, wayOn: { href: '', label: 'try_again' } },
    ],
    [
      'error-link-expired',
      {},
      { kind: 'expired', code: 'RECOVERY_LINK_EXPIRED', wayOn: { href: '/account', label: 'sign_in' } },
    ],
    [
      'error-invitation-accepted',
      {},
      { kind: 'expired', code: 'INVITATION_ACCEPTED', wayOn: { href: '/account', label: 'sign_in' } },
    ],
    [
      'error-provider',
      { client: portal },
      {
        kind: 'unavailable',
        code: 'PROVIDER_UNAVAILABLE',
        params: { provider: 'Google' },
        wayOn: { href: '/interaction/x', label: 'try_again' },
      },
    ],
    ['error-forbidden', {}, { kind: 'forbidden', code: 'ACCESS_DENIED', wayOn: { href: '/', label: 'home' } }],
    [
      'error-unauthenticated',
      {},
      { kind: 'unauthenticated', code: 'SIGN_IN_REQUIRED', wayOn: { href: '/sign-in', label: 'sign_in' } },
    ],
    [
      'error-not-found',
      { tenant: null },
      { kind: 'not_found', code: 'NOT_FOUND', wayOn: { href: '/', label: 'home' } },
    ],
    [
      'error-invalid',
      { tenant: null },
      { kind: 'invalid', code: 'INVALID_INPUT', wayOn: { href: '/', label: 'home' } },
    ],
    [
      'error-internal',
      { tenant: null },
      { kind: 'internal', code: 'INTERNAL', wayOn: { href: '', label: 'try_again' } },
    ],
    [
      'error-oauth',
      { tenant: null },
      {
        kind: 'oauth',
        code: 'invalid_redirect_uri',
        message: "redirect_uri did not match any of the client's registered redirect_uris",
      },
    ],
  ];
  return [
    {
      name: 'api-reader',
      view: 'api/reader',
      page: { tenant: null },
      model: {
        query: 'roles',
        address: 'https://id.northwind.example/api/v1',
        documentHref: '/api/v1/openapi.json',
        groups: [
          {
            name: 'roles',
            operations: [
              {
                id: 'roles.create',
                method: 'POST',
                path: '/roles',
                summary: 'Make a role',
                notes: ['Needs roles.manage.'],
                parameters: [
                  {
                    name: 'dry_run',
                    place: 'query',
                    type: 'boolean',
                    required: false,
                    description: 'Say what would happen',
                  },
                ],
                body: [{ name: 'name', type: 'string', required: true, description: '' }],
              },
            ],
          },
        ],
      },
    },
    {
      name: 'welcome',
      view: 'welcome',
      page: { tenant: null },
      model: {
        signInHref: '/account',
        accountHref: '/account',
        issuer: 'https://id.northwind.example',
        discoveryHref: 'https://id.northwind.example/.well-known/openid-configuration',
        developmentNotes: false,
      },
    },
    {
      name: 'welcome-signed-in',
      view: 'welcome',
      page: { tenant: null },
      model: {
        signInHref: '/account',
        accountHref: '/account',
        signedInAs: anna.email,
        issuer: 'http://localhost:3000',
        discoveryHref: 'http://localhost:3000/.well-known/openid-configuration',
        developmentNotes: true,
      },
    },
    {
      name: 'set-up',
      view: 'interaction/set-up',
      page: { tenant: null },
      model: { action: '/set-up', email: '', fullName: '', tenantName: '' },
    },
    {
      name: 'set-up-error',
      view: 'interaction/set-up',
      page: { tenant: null },
      model: {
        action: '/set-up',
        email: anna.email,
        fullName: anna.name,
        tenantName: 'Northwind Logistics',
        error: { code: 'PASSWORD_CONTAINS_PERSONAL', field: 'password' },
      },
    },
    {
      name: 'set-up-join',
      view: 'interaction/set-up',
      page: {},
      model: {
        action: '/set-up',
        email: anna.email,
        emailFixed: true,
        fullName: '',
        joins: 'Northwind Logistics',
        tenantName: '',
      },
    },
    {
      name: 'set-up-done',
      view: 'interaction/set-up-done',
      page: { tenant: null },
      model: {
        signInHref: '/account',
        commands: {
          application: ['npx gatehouse clients create', '--name "My application"', '--kind web'],
          people: ['npx gatehouse invitations create', '--tenant northwind-logistics'],
          messages: ['npx gatehouse doctor', '--send-test-mail you@example.org'],
        },
        apiHref: '/api/v1/openapi.json',
        discoveryHref: '/.well-known/openid-configuration',
      },
    },
    {
      name: 'invitation',
      view: 'interaction/invitation',
      page: {},
      model: {
        action: '/invitations/x',
        tenantName: 'Northwind Logistics',
        inviterName: 'Magnus Ek',
        role: 'Safety officer',
        place: ['Northwind Logistics', 'Nordics', 'Gothenburg terminal'],
        address: 'a•••@northwind.example',
        existingAccount: false,
        fullName: '',
        passwordOffered: true,
        passwordRequired: false,
        expiresAt: new Date('2025-11-27T14:30:00Z'),
      },
    },
    {
      name: 'invitation-existing',
      view: 'interaction/invitation',
      page: {},
      model: {
        action: '/invitations/x',
        tenantName: 'Northwind Logistics',
        role: 'Safety officer',
        place: ['Northwind Logistics'],
        address: '+46••••••05',
        existingAccount: true,
        fullName: '',
        passwordOffered: false,
        passwordRequired: false,
        expiresAt: new Date('2025-11-27T14:30:00Z'),
      },
    },
    {
      name: 'invitation-accepted',
      view: 'interaction/invitation-accepted',
      page: {},
      model: {
        tenantName: 'Northwind Logistics',
        role: 'Safety officer',
        place: 'Nordics',
        created: false,
        continueHref: '/account',
      },
    },
    {
      name: 'invitation-welcome',
      view: 'interaction/invitation-accepted',
      page: {},
      model: {
        tenantName: 'Northwind Logistics',
        role: 'member',
        place: 'Northwind Logistics',
        created: true,
        continueHref: '/account',
      },
    },
    {
      name: 'sign-in',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: { action: '/interaction/x/password', email: '', hasRecovery: false, otherMethods: [] },
    },
    {
      name: 'sign-in-application',
      view: 'interaction/sign-in',
      page: {
        client: { ...portal, logoUri: `${origin}/samples/northwind.svg` },
        server: { name: 'School Cloud', accentColor: '#7a2048', supportUrl: 'https://help.school.example/' },
        tenant: null,
      },
      model: {
        action: '/interaction/x/password',
        email: '',
        hasRecovery: true,
        recoveryHref: '/recovery',
        codeMethods: [byCode('email')],
        otherMethods: [],
      },
    },
    {
      name: 'organisation',
      view: 'interaction/organisation',
      page: { client: portal, tenant: null },
      model: { action: '/interaction/x/organisation', organisation: '', backHref: '/interaction/x/sign-in' },
    },
    {
      name: 'organisation-unknown',
      view: 'interaction/organisation',
      page: { client: portal, tenant: null },
      model: {
        action: '/interaction/x/organisation',
        organisation: 'northwnd',
        anyHref: '/interaction/x/organisation?any',
        backHref: '/interaction/x/sign-in',
        error: { code: 'ORGANISATION_UNKNOWN', field: 'organisation' },
      },
    },
    {
      name: 'sign-in-organisations',
      view: 'interaction/sign-in',
      page: { client: portal, tenant: null },
      model: {
        action: '/interaction/x/password',
        email: anna.email,
        hasRecovery: true,
        recoveryHref: '/recovery',
        organisationHref: '/interaction/x/organisation',
        cancelHref: '/interaction/x/cancel',
        otherMethods: [],
        error: { code: 'INVALID_CREDENTIALS' },
      },
    },
    {
      name: 'sign-in-error',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/password',
        email: anna.email,
        hasRecovery: false,
        otherMethods: [],
        error: { code: 'INVALID_CREDENTIALS' },
      },
    },
    {
      name: 'sign-in-slowed',
      view: 'interaction/sign-in',
      page: {},
      model: {
        action: '/interaction/x/password',
        email: anna.email,
        hasRecovery: false,
        otherMethods: [],
        error: { code: 'TOO_MANY_ATTEMPTS', params: { seconds: 45 } },
      },
    },
    {
      name: 'sign-in-methods',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/password',
        email: anna.email,
        hasRecovery: true,
        recoveryHref: '/recovery',
        providers: [google],
        codeMethods: [byCode('email')],
        otherMethods: [{ button: 'passkey', href: '/interaction/x/passkey' }],
        cancelHref: '/interaction/x/cancel',
      },
    },
    {
      name: 'sign-in-everything',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-in',
        email: '',
        loginKind: 'email_or_phone',
        hasRecovery: true,
        recoveryHref: '/interaction/x/recovery',
        providers: [google, contoso],
        codeMethods: [byCode('email'), byCode('sms'), byCode('whatsapp')],
        otherMethods: [],
        signUpHref: '/interaction/x/sign-up',
        cancelHref: '/interaction/x/cancel',
      },
    },
    {
      // What `npm start` and `npm run example` show: README.md opens with it.
      name: 'quick-start',
      view: 'interaction/sign-in',
      page: { tenant: null, client: { name: 'Northwind Portal' } },
      model: {
        action: '/interaction/x/sign-in',
        email: '',
        hasRecovery: true,
        recoveryHref: '/interaction/x/recovery',
        codeMethods: [byCode('email')],
        otherMethods: [],
        cancelHref: '/interaction/x/cancel',
      },
    },
    {
      name: 'sign-in-username',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-in',
        email: '',
        loginKind: 'email_or_username',
        hasRecovery: true,
        recoveryHref: '/interaction/x/recovery',
        codeMethods: [byCode('email')],
        otherMethods: [],
        cancelHref: '/interaction/x/cancel',
      },
    },
    {
      name: 'sign-in-without-password',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-in',
        email: '',
        hasPassword: false,
        hasRecovery: false,
        providers: [google],
        codeMethods: [byCode('email'), byCode('sms')],
        otherMethods: [],
        signUpHref: '/interaction/x/sign-up',
      },
    },
    {
      name: 'sign-in-without-password-again',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-in',
        email: '',
        expectedEmail: anna.email,
        otherHref: '/interaction/x/sign-in?other',
        hasPassword: false,
        hasRecovery: false,
        codeMethods: [byCode('email')],
        otherMethods: [],
        cancelHref: '/interaction/x/cancel',
        error: { code: 'PROVIDER_CANCELLED', params: { provider: 'Google' } },
      },
    },
    {
      name: 'code-request',
      view: 'interaction/code-request',
      page: { client: portal },
      model: {
        action: '/interaction/x/code',
        channel: 'email',
        address: '',
        otherChannels: [byCode('sms'), byCode('whatsapp')],
        backHref: '/interaction/x/sign-in',
        purpose: 'login',
      },
    },
    {
      name: 'code-request-phone',
      view: 'interaction/code-request',
      page: { client: portal },
      model: {
        action: '/interaction/x/code',
        channel: 'sms',
        address: '',
        otherChannels: [byCode('email'), byCode('whatsapp')],
        backHref: '/interaction/x/sign-in',
        purpose: 'login',
        defaultCountryCode: 'SE',
      },
    },
    {
      name: 'code-request-error',
      view: 'interaction/code-request',
      page: { client: portal },
      model: {
        action: '/interaction/x/code',
        channel: 'whatsapp',
        address: '+44 20 7946 0018',
        otherChannels: [byCode('email')],
        backHref: '/interaction/x/sign-in',
        purpose: 'login',
        error: { code: 'PHONE_NOT_SUPPORTED', field: 'address' },
      },
    },
    {
      name: 'recovery',
      view: 'interaction/code-request',
      page: { client: portal },
      model: {
        action: '/interaction/x/recovery',
        channel: 'email',
        address: anna.email,
        otherChannels: [{ channel: 'sms', href: '/interaction/x/recovery?channel=sms' }],
        backHref: '/interaction/x/sign-in',
        purpose: 'recovery',
      },
    },
    {
      name: 'sign-up',
      view: 'interaction/code-request',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-up',
        channel: 'email',
        address: '',
        otherChannels: [{ channel: 'sms', href: '/interaction/x/sign-up?channel=sms' }],
        backHref: '/interaction/x/sign-in',
        purpose: 'sign_up',
        providers: [google],
      },
    },
    {
      name: 'code-entry',
      view: 'interaction/code-entry',
      page: { client: portal },
      model: {
        action: '/interaction/x/code/enter',
        resendAction: '/interaction/x/code/resend',
        destination: anna.email,
        channel: 'email',
        resendInSeconds: 0,
        switchTo: [],
        backHref: '/interaction/x/code',
        purpose: 'login',
        minutes: 5,
      },
    },
    {
      name: 'code-entry-waiting',
      view: 'interaction/code-entry',
      page: { client: portal },
      model: {
        action: '/interaction/x/code/enter',
        resendAction: '/interaction/x/code/resend',
        destination: '+46701740605',
        channel: 'whatsapp',
        resendInSeconds: 30,
        switchTo: ['sms'],
        backHref: '/interaction/x/code?channel=whatsapp',
        purpose: 'login',
        minutes: 5,
      },
    },
    {
      name: 'code-entry-error',
      view: 'interaction/code-entry',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-up/code',
        resendAction: '/interaction/x/code/resend',
        destination: anna.email,
        channel: 'email',
        resendInSeconds: 120,
        switchTo: [],
        backHref: '/interaction/x/sign-up',
        purpose: 'sign_up',
        minutes: 5,
        error: { code: 'CODE_INVALID', field: 'code' },
      },
    },
    {
      name: 'message-sent',
      view: 'interaction/message-sent',
      page: { client: portal },
      model: {
        destination: anna.email,
        channel: 'email',
        backHref: '/interaction/x/recovery',
        minutes: 30,
        signInHref: '/interaction/x/sign-in',
      },
    },
    {
      name: 'message-sent-phone',
      view: 'interaction/message-sent',
      page: {},
      model: { destination: '+46701740605', channel: 'sms', backHref: '/interaction/x/recovery', minutes: 30 },
    },
    {
      name: 'new-password',
      view: 'interaction/new-password',
      page: {},
      model: {
        action: '/recovery/x',
        accounts: [{ value: 'a1', tenantName: 'Northwind Logistics', accountName: anna.name }],
        destination: anna.email,
      },
    },
    {
      name: 'new-password-several',
      view: 'interaction/new-password',
      page: { tenant: null },
      model: {
        action: '/recovery/x',
        accounts: [
          { value: 'a1', tenantName: 'Northwind Logistics', accountName: anna.name },
          { value: 'a2', tenantName: 'Fjällräven Skolor', accountName: 'A. Larsson' },
        ],
        destination: anna.email,
        account: 'a2',
        error: { code: 'PASSWORD_COMMON', field: 'password' },
      },
    },
    {
      name: 'password-changed',
      view: 'interaction/password-changed',
      page: {},
      model: { to: 'account', continueHref: '/account' },
    },
    {
      name: 'password-changed-continue',
      view: 'interaction/password-changed',
      page: { client: portal },
      model: { to: 'sign_in', continueHref: '/interaction/x' },
    },
    {
      name: 'password-changed-elsewhere',
      view: 'interaction/password-changed',
      page: { client: portal },
      model: { to: 'client', continueHref: 'https://portal.northwind.example/', accountHref: '/account' },
    },
    {
      name: 'sign-up-profile',
      view: 'interaction/sign-up-profile',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-up/profile',
        destination: anna.email,
        fullName: '',
        passwordRequired: true,
        passwordOffered: true,
      },
    },
    {
      name: 'sign-up-profile-choice',
      view: 'interaction/sign-up-profile',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-up/profile',
        destination: '+46701740605',
        fullName: anna.name,
        passwordRequired: false,
        passwordOffered: true,
        error: { code: 'PASSWORD_TOO_SHORT', field: 'password' },
      },
    },
    {
      name: 'sign-up-profile-name',
      view: 'interaction/sign-up-profile',
      page: { client: portal },
      model: {
        action: '/interaction/x/sign-up/profile',
        destination: anna.email,
        fullName: '',
        passwordRequired: false,
        passwordOffered: false,
      },
    },
    {
      name: 'sign-in-again',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: {
        action: '/interaction/x/password',
        email: '',
        expectedEmail: anna.email,
        otherHref: '/interaction/x/sign-in?other',
        hasRecovery: false,
        otherMethods: [],
        cancelHref: '/interaction/x/cancel',
      },
    },
    {
      name: 'choose-tenant',
      view: 'interaction/choose-tenant',
      page: { tenant: null, client: portal },
      model: {
        action: '/interaction/x/tenant',
        choices: [
          {
            value: 'a1',
            tenantName: 'Northwind Logistics',
            logoUrl: `${origin}/samples/northwind.svg`,
            accountName: anna.name,
            detail: 'Gothenburg terminal',
          },
          { value: 'a2', tenantName: 'Fjällräven Skolor', accountName: 'Anna Larsson', detail: 'Board member' },
          { value: 'a3', tenantName: 'Contoso', accountName: 'A. Larsson' },
        ],
      },
    },
    {
      name: 'select-account',
      view: 'interaction/select-account',
      page: { client: portal },
      model: { continueAction: '/interaction/x/continue', account: anna, switchAction: '/interaction/x/switch' },
    },
    {
      name: 'consent',
      view: 'interaction/consent',
      page: { client: { ...portal, name: 'Fleet Planner' } },
      model: {
        action: '/interaction/x/consent',
        account: anna,
        scopes: [
          { name: 'openid', isNew: false },
          { name: 'profile', isNew: false },
          { name: 'email', isNew: false },
          { name: 'roles', isNew: true },
          { name: 'offline_access', isNew: true },
        ],
        claims: [{ name: 'zoneinfo' }],
        resources: [
          {
            name: 'Inventory',
            identifier: 'https://api.northwind.example/inventory',
            scopes: [
              {
                name: 'inventory.read',
                title: 'See stock levels',
                description: 'In the places where your roles reach',
              },
              { name: 'inventory.move', title: 'Move stock between terminals' },
            ],
          },
        ],
        places: [
          {
            name: 'Harbour pharmacy',
            resource: 'Stock',
            actions: [{ name: 'stock.read', title: 'See what is in stock' }, { name: 'stock.order' }],
          },
        ],
        offlineAccess: true,
        redirectHost: 'planner.northwind.example',
        agent: false,
        days: [],
      },
    },
    {
      name: 'consent-agent',
      view: 'interaction/consent',
      page: { client: { name: 'notes.example (Notes)' } },
      model: {
        action: '/interaction/x/consent',
        account: anna,
        scopes: [{ name: 'openid', isNew: false }],
        claims: [],
        resources: [
          {
            name: 'Stock tools',
            identifier: 'https://mcp.northwind.example/mcp',
            scopes: [{ name: 'stock.read', title: 'See stock levels' }],
          },
        ],
        places: [],
        offlineAccess: true,
        redirectHost: '127.0.0.1:43210',
        documentHost: 'notes.example',
        agent: true,
        days: [1, 7, 30, 90],
        proposedDays: 30,
      },
    },
    {
      name: 'consent-bounded',
      view: 'interaction/consent',
      page: { client: { ...portal, name: 'Fleet Planner' } },
      model: {
        action: '/interaction/x/consent',
        account: anna,
        scopes: [{ name: 'email', isNew: false }],
        claims: [],
        resources: [],
        places: [],
        offlineAccess: false,
        redirectHost: 'planner.northwind.example',
        agent: false,
        days: [14],
        proposedDays: 14,
      },
    },
    {
      name: 'switching',
      view: 'interaction/switching',
      page: { client: portal },
      model: { formAction: '/session/end/confirm', fields: xsrf },
    },
    {
      name: 'switching-sign-out',
      view: 'interaction/switching',
      page: { client: portal },
      model: { formAction: '/session/end/confirm', fields: xsrf, signsOut: true },
    },
    {
      name: 'sign-out',
      view: 'interaction/sign-out',
      page: {},
      model: { formAction: '/session/end/confirm', fields: xsrf, account: anna },
    },
    {
      name: 'signed-out',
      view: 'interaction/signed-out',
      page: { client: portal },
      model: { continueHref: 'https://portal.northwind.example/' },
    },
    {
      name: 'still-signed-in',
      view: 'interaction/signed-out',
      page: {},
      model: { continueHref: '/account', stayed: true },
    },
    {
      name: 'device-code',
      view: 'interaction/device-code',
      page: {},
      model: { action: '/device', fields: xsrf, userCode: '' },
    },
    {
      name: 'device-code-error',
      view: 'interaction/device-code',
      page: {},
      model: { action: '/device', fields: xsrf, userCode: 'WDJB-MJHT', error: { code: 'USER_CODE_UNKNOWN' } },
    },
    {
      name: 'device-confirm',
      view: 'interaction/device-confirm',
      page: { client: { name: 'Dock Scanner' } },
      model: {
        action: '/device',
        fields: xsrf,
        userCode: 'WDJB-MJHT',
        deviceInfo: { ip: '203.0.113.24', browser: 'Android 15' },
        abort: true,
      },
    },
    { name: 'device-done', view: 'interaction/device-done', page: {}, model: {} },
    { name: 'device-cancelled', view: 'interaction/device-done', page: {}, model: { cancelled: true } },
    ...ofMethods.flatMap(({ samples }) => samples),
    ...errors.map(([name, page, model]): PageSample => ({ name, view: 'errors/error', page, model })),
  ];
}
