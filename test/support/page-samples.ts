/**
 * Owns realistic contents for every hosted page, for its tests and its pictures. The people and
 * organisations are invented; the addresses belong to the reserved example domains.
 */

import type { ErrorModel, PageContext, ViewModels, ViewName } from '../../src/platform/views.ts';

export type PageSample = {
  [V in ViewName]: { name: string; view: V; page: Partial<PageContext>; model: ViewModels[V] };
}[ViewName];

/** The moment at which the samples are looked at. */
export const sampleNow = new Date('2025-11-20T14:30:00Z');

const ago = (minutes: number) => new Date(sampleNow.getTime() - minutes * 60_000);

const anna = { name: 'Anna Larsson', email: 'anna.larsson@northwind.example' };

const portal = {
  name: 'Northwind Portal',
  policyUri: 'https://portal.northwind.example/privacy',
  tosUri: 'https://portal.northwind.example/terms',
};

const xsrf = [{ name: 'xsrf', value: '3b0b9d1a5b0e4c0f' }];
const csrf = '9f6c0d1e';

/** The page's surroundings for a sample; `origin` serves the sample logos. */
export function samplePage(origin: string, overrides: Partial<PageContext> = {}): PageContext {
  return {
    locale: 'en',
    localeLinks: [
      { code: 'en', name: 'English', href: '?lang=en', current: overrides.locale !== 'fr' },
      { code: 'fr', name: 'Français', href: '?lang=fr', current: overrides.locale === 'fr' },
    ],
    theme: 'system',
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
      model: { action: '/set-up', email: '', fullName: '', tenantName: '', csrf },
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
        csrf,
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
        csrf,
      },
    },
    {
      name: 'sign-in',
      view: 'interaction/sign-in',
      page: { client: portal },
      model: { action: '/interaction/x/password', email: '', hasRecovery: false, otherMethods: [], csrf },
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
        csrf,
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
        remember: true,
        hasRecovery: false,
        otherMethods: [],
        csrf,
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
        remember: false,
        hasRecovery: true,
        recoveryHref: '/recovery',
        otherMethods: [
          { name: 'google', label: 'Continue with Google', href: '/interaction/x/google' },
          { name: 'email_code', label: 'Email me a code', href: '/interaction/x/code' },
        ],
        cancelHref: '/interaction/x/cancel',
        csrf,
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
        hasRecovery: false,
        otherMethods: [],
        cancelHref: '/interaction/x/cancel',
        csrf,
      },
    },
    {
      name: 'choose-tenant',
      view: 'interaction/choose-tenant',
      page: { tenant: null, client: portal },
      model: {
        action: '/interaction/x/tenant',
        csrf,
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
      model: { continueAction: '/interaction/x/continue', account: anna, switchAction: '/interaction/x/switch', csrf },
    },
    {
      name: 'consent',
      view: 'interaction/consent',
      page: { client: { ...portal, name: 'Fleet Planner' } },
      model: {
        action: '/interaction/x/consent',
        csrf,
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
        offlineAccess: true,
        redirectHost: 'planner.northwind.example',
      },
    },
    {
      name: 'switching',
      view: 'interaction/switching',
      page: { client: portal },
      model: { formAction: '/session/end/confirm', fields: xsrf },
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
    {
      name: 'account',
      view: 'account/home',
      page: {},
      model: {
        account: { ...anna, emailVerified: true, phone: '+46 31 123 45 67' },
        roles: [
          {
            role: 'Terminal manager',
            place: 'Gothenburg terminal',
            path: ['Northwind Logistics', 'Nordics'],
            startsAt: new Date('2024-03-01T00:00:00Z'),
          },
          {
            role: 'Safety officer',
            place: 'Nordics',
            path: ['Northwind Logistics'],
            startsAt: new Date('2025-09-01T00:00:00Z'),
            endsAt: new Date('2026-02-28T00:00:00Z'),
          },
        ],
        visibility: [{ place: 'Baltics', scope: 'analyze', endsAt: new Date('2025-12-31T00:00:00Z') }],
        sessions: [
          {
            id: 's1',
            browser: 'Firefox 145',
            os: 'macOS',
            ip: '203.0.113.7',
            amr: ['pwd', 'otp'],
            signedInAt: ago(64),
            lastSeenAt: ago(0),
            current: true,
          },
          {
            id: 's2',
            browser: 'Safari 18',
            os: 'iOS',
            ip: '2001:db8:4f1:20::9',
            amr: ['pwd'],
            signedInAt: ago(4300),
            lastSeenAt: ago(130),
            current: false,
          },
          { id: 's3', browser: '', os: '', amr: [], signedInAt: ago(9000), lastSeenAt: ago(8400), current: false },
        ],
        revokeAction: '/account/sessions',
        signOutHref: '/account/sign-out',
        csrf,
      },
    },
    {
      name: 'account-new',
      view: 'account/home',
      page: {},
      model: {
        account: { ...anna, emailVerified: false },
        roles: [],
        visibility: [],
        sessions: [
          {
            id: 's1',
            browser: 'Chrome 142',
            os: 'Windows',
            ip: '203.0.113.7',
            amr: ['pwd'],
            signedInAt: ago(1),
            lastSeenAt: ago(0),
            current: true,
          },
        ],
        revokeAction: '/account/sessions',
        signOutHref: '/account/sign-out',
        csrf,
      },
    },
    ...errors.map(([name, page, model]): PageSample => ({ name, view: 'errors/error', page, model })),
  ];
}
