/** The pages of a person's own account. */

import { type AccountSectionName, accountNav } from '../../../src/web/account/sections.ts';
import { qrCode } from '../../../src/web/factors/qr-code.ts';
import type { PageSample } from '../page-samples.ts';

/** Before the moment at which the samples are looked at (`sampleNow`, which imports this file). */
const ago = (minutes: number) => new Date(Date.parse('2025-11-20T14:30:00Z') - minutes * 60_000);

const nav = (section: AccountSectionName) => accountNav(section, { signOutHref: '/logout' });

const anna = { name: 'Anna Larsson', email: 'anna.larsson@northwind.example' };

const own: PageSample[] = [
  {
    name: 'account-keys',
    view: 'account/keys',
    page: {},
    model: {
      nav: nav('keys'),
      keys: [
        {
          id: 'k1',
          name: 'Nightly export',
          prefix: '7Kq0ZxT2',
          place: 'Lakeside School',
          capabilities: ['org.read', 'users.read'],
          state: 'live',
          expiresAt: ago(-60 * 24 * 30),
          lastUsedAt: ago(12),
        },
        {
          id: 'k2',
          name: `Rota${'ofeverything'.repeat(6)}`,
          prefix: '0aB1cD2e',
          place: null,
          capabilities: ['org.read'],
          state: 'inactive',
          expiresAt: ago(-60 * 24 * 3),
          lastUsedAt: null,
        },
      ],
      createHref: '/account/keys/new',
      revokeAction: '/account/keys/revoke',
      notice: 'revoked',
    },
  },
  {
    name: 'account-keys-none',
    view: 'account/keys',
    page: {},
    model: { nav: nav('keys'), keys: [], revokeAction: '/account/keys/revoke' },
  },
  {
    name: 'account-new-key',
    view: 'account/new-key',
    page: {},
    model: {
      nav: nav('keys'),
      action: '/account/keys/new',
      backHref: '/account/keys',
      name: 'Nightly export',
      places: [
        { value: 'n1', name: 'Lakeside School' },
        { value: 'n2', name: 'North Region' },
      ],
      place: 'n2',
      capabilities: [
        { key: 'org.read', description: 'See the organisation', chosen: false },
        { key: 'grades.read', description: null, chosen: true },
      ],
      days: '30',
      error: { code: 'FIELD_REQUIRED', field: 'capabilities' },
    },
  },
  {
    name: 'account-key-made',
    view: 'account/key-made',
    page: {},
    model: {
      nav: nav('keys'),
      name: 'Nightly export',
      key: 'gk_EXAMPLE0_ThisIsNoKeyOfAnybodyButAnExampleForScanners2gQ35W',
      backHref: '/account/keys',
    },
  },
  {
    name: 'account',
    view: 'account/home',
    page: {},
    model: {
      nav: accountNav('profile', { signOutHref: '/logout', consoleHref: '/console/northwind' }),
      account: { ...anna, emailVerified: true, phone: '+46701740605', phoneVerified: false },
      verify: { phone: '/account/verify/phone' },
      change: { email: '/account/change-email', phone: '/account/change-phone' },
      preferences: { language: 'English', timeZone: 'Europe/Stockholm', theme: 'system', mails: true },
      editHref: '/account/profile',
      preferencesHref: '/account/preferences',
      notice: 'profile_saved',
    },
  },
  {
    name: 'account-new',
    view: 'account/home',
    page: {},
    model: {
      nav: nav('profile'),
      account: { ...anna, emailVerified: false },
      verify: { email: '/account/verify/email' },
      change: { email: '/account/change-email', phone: '/account/change-phone' },
      preferences: { theme: 'dark', mails: false },
      editHref: '/account/profile',
      preferencesHref: '/account/preferences',
    },
  },
  {
    name: 'account-profile',
    view: 'account/profile',
    page: {},
    model: {
      nav: nav('profile'),
      action: '/account/profile',
      backHref: '/account',
      values: {
        full_name: anna.name,
        given_name: 'Anna',
        family_name: 'Larsson',
        picture_url: 'http://example.org/a.png',
      },
      error: { code: 'INVALID_INPUT', field: 'picture_url' },
    },
  },
  {
    name: 'account-preferences',
    view: 'account/preferences',
    page: {},
    model: {
      nav: nav('profile'),
      action: '/account/preferences',
      backHref: '/account',
      locale: 'en',
      locales: [
        { value: 'en', name: 'English' },
        { value: 'fr', name: 'Français' },
      ],
      zoneinfo: 'Europe/Stockholm',
      zones: ['UTC', 'America/Los_Angeles', 'Europe/Stockholm'],
      theme: 'system',
      notifyByEmail: true,
      notifyInApp: false,
    },
  },
  {
    name: 'verify',
    view: 'account/verify',
    page: {},
    model: {
      nav: nav('profile'),
      action: '/account/verify/phone',
      sendAction: '/account/verify/phone/send',
      destination: '+46701740605',
      kind: 'phone',
      sent: false,
      resendInSeconds: 0,
      channels: ['sms', 'whatsapp'],
      backHref: '/account',
    },
  },
  {
    name: 'verify-sent',
    view: 'account/verify',
    page: {},
    model: {
      nav: nav('profile'),
      action: '/account/verify/email',
      sendAction: '/account/verify/email/send',
      destination: anna.email,
      kind: 'email',
      sent: true,
      resendInSeconds: 30,
      minutes: 5,
      backHref: '/account',
    },
  },
];

const newAddress = {
  nav: nav('profile'),
  kind: 'email',
  action: '/account/change-email/code',
  sendAction: '/account/change-email',
  backHref: '/account',
  address: '',
  channel: 'email',
  channels: ['email'],
  hadOne: true,
  old: anna.email,
  sent: false,
  resendInSeconds: 0,
} as const;

const addresses: PageSample[] = [
  {
    name: 'account-change-email',
    view: 'account/change-address',
    page: {},
    model: { ...newAddress, channels: ['email'] },
  },
  {
    name: 'account-change-email-sent',
    view: 'account/change-address',
    page: {},
    model: {
      ...newAddress,
      channels: ['email'],
      address: 'anna@larsson.example',
      sent: true,
      resendInSeconds: 30,
      error: { code: 'CODE_INVALID', field: 'code' },
    },
  },
  {
    name: 'account-add-phone',
    view: 'account/change-address',
    page: {},
    model: {
      ...newAddress,
      kind: 'phone',
      hadOne: false,
      old: undefined,
      channel: 'sms',
      channels: ['sms', 'whatsapp'],
      sendAction: '/account/change-phone',
    },
  },
  {
    name: 'safety-undo',
    view: 'interaction/safety',
    page: {},
    model: {
      action: '/safety/x',
      kind: 'undo_address',
      address: anna.email,
      tenantName: 'Northwind Logistics',
      renewsPassword: true,
    },
  },
  {
    name: 'safety-not-me',
    view: 'interaction/safety',
    page: {},
    model: {
      action: '/safety/x',
      kind: 'not_me',
      address: anna.email,
      tenantName: 'Northwind Logistics',
      renewsPassword: true,
    },
  },
  {
    name: 'safety-done',
    view: 'interaction/safety-done',
    page: {},
    model: { address: anna.email, recovery: true, signInHref: '/account' },
  },
];

const secondFactor = {
  factors: [{ id: 'f1', kind: 'totp', addedAt: ago(60 * 24 * 40), usedAt: ago(300) }],
  codes: { left: 7, href: '/account/recovery-codes' },
  canRemove: true,
  removeAction: '/account/second-factor/remove',
  enrolHref: '/account/security/second-factor',
  more: [{ kind: 'key' as const, href: '/account/security/second-factor/key' }],
};

const codesPage = { nav: nav('security'), action: '/account/recovery-codes', backHref: '/account/security' };

const security: PageSample[] = [
  {
    name: 'account-security',
    view: 'account/security',
    page: {},
    model: {
      nav: nav('security'),
      secondFactor: { ...secondFactor, factors: [], codes: undefined },
      notice: 'identity_linked',
      password: { isSet: true, changedAt: ago(60_000), href: '/account/password' },
      identities: [
        {
          provider: 'google',
          name: 'Google',
          detail: 'anna.larsson@gmail.example',
          linkedAt: ago(2),
          canUnlink: true,
        },
      ],
      linkable: [{ key: 'contoso', name: 'Contoso' }],
      linkAction: '/account/identities/link',
      unlinkAction: '/account/identities/unlink',
    },
  },
  {
    name: 'account-security-last-way',
    view: 'account/security',
    page: {},
    model: {
      nav: nav('security'),
      secondFactor: { ...secondFactor, codes: { left: 1, href: '/account/recovery-codes' }, canRemove: false },
      error: { code: 'IDENTITY_LAST_WAY' },
      password: { isSet: false, href: '/account/password' },
      identities: [{ provider: 'google', name: 'Google', linkedAt: ago(1), canUnlink: false }],
      linkable: [],
      linkAction: '/account/identities/link',
      unlinkAction: '/account/identities/unlink',
    },
  },
];

const factors: PageSample[] = [
  {
    name: 'account-second-factors',
    view: 'account/security',
    page: {},
    model: {
      nav: nav('security'),
      secondFactor: {
        ...secondFactor,
        factors: [
          ...secondFactor.factors,
          { id: 'f2', kind: 'security_key', name: 'Blue key', addedAt: ago(60 * 24), usedAt: ago(30) },
        ],
      },
      notice: 'factor_added',
      password: { isSet: true, changedAt: ago(1), href: '/account/password' },
      identities: [],
      linkable: [],
      linkAction: '/account/identities/link',
      unlinkAction: '/account/identities/unlink',
    },
  },
  {
    name: 'account-factor-app',
    view: 'account/factor-app',
    page: {},
    model: {
      nav: nav('security'),
      action: '/account/security/second-factor/app',
      qr: qrCode('otpauth://totp/Northwind:anna?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP'),
      seed: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
      sealedSeed: 'AAAA',
      appHref: 'otpauth://totp/Northwind:anna?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP',
      backHref: '/account/security',
    },
  },
  {
    name: 'account-factor-key',
    view: 'account/factor-key',
    page: {},
    model: {
      nav: nav('security'),
      action: '/account/security/second-factor/key',
      options: { rp: { id: 'localhost', name: 'Northwind' }, challenge: 'AAAA', user: { id: 'AAAA' } },
      backHref: '/account/security',
    },
  },
  {
    name: 'account-second-factor',
    view: 'account/security',
    page: {},
    model: {
      nav: nav('security'),
      secondFactor,
      notice: 'password_changed',
      password: { isSet: true, changedAt: ago(1), href: '/account/password' },
      passkeys: { count: 2, href: '/account/passkeys' },
      identities: [],
      linkable: [],
      linkAction: '/account/identities/link',
      unlinkAction: '/account/identities/unlink',
    },
  },
  { name: 'account-recovery-codes', view: 'account/recovery-codes', page: {}, model: { ...codesPage, left: 2 } },
  {
    name: 'account-recovery-codes-new',
    view: 'account/recovery-codes',
    page: {},
    model: {
      ...codesPage,
      left: 10,
      codes: [
        ...['7kfd2-x9mqa', 'b3wtz-44hpn', 'c8rjv-m2xqs', 'd5ygh-7nkpa', 'e9mtb-3wvzc'],
        ...['fq6sk-h8r2d', 'g4xnp-v7jtb', 'h2zcy-9kmw5', 'j8dqr-s3fxa', 'kt5vb-6gynh'],
      ],
    },
  },
  {
    name: 'safety-undo-factor',
    view: 'interaction/safety',
    page: {},
    model: {
      action: '/safety/x',
      kind: 'undo_factor',
      address: anna.email,
      tenantName: 'Northwind Logistics',
      renewsPassword: true,
    },
  },
];

const password: PageSample[] = [
  {
    name: 'account-password',
    view: 'account/password',
    page: {},
    model: {
      nav: nav('security'),
      action: '/account/password',
      backHref: '/account/security',
      username: anna.email,
      isSet: true,
      error: { code: 'PASSWORD_COMMON', field: 'password' },
    },
  },
  {
    name: 'account-password-first',
    view: 'account/password',
    page: {},
    model: {
      nav: nav('security'),
      action: '/account/password',
      backHref: '/account/security',
      username: anna.email,
      isSet: false,
    },
  },
];

const approvals: PageSample[] = [
  {
    name: 'account-approvals',
    view: 'account/approvals',
    page: {},
    model: {
      nav: accountNav('approvals', { signOutHref: '/logout', waiting: 2 }),
      requests: [
        {
          id: 'r1',
          name: 'Northwind Service Desk',
          firstParty: true,
          agent: false,
          bindingMessage: 'W4-SCT, call of 10:12',
          scopes: [{ name: 'openid' }, { name: 'profile' }, { name: 'email' }],
          claims: [],
          resources: [],
          askedAt: ago(1),
          expiresAt: ago(-9),
        },
        {
          id: 'r2',
          name: 'Planner',
          firstParty: false,
          agent: true,
          scopes: [{ name: 'openid' }, { name: 'offline_access' }],
          claims: [{ name: 'phone_number' }],
          resources: [
            {
              name: 'Shipments',
              identifier: 'https://api.northwind.example/',
              scopes: [{ name: 'shipments:read', title: 'See shipments' }, { name: 'shipments:write' }],
            },
          ],
          days: 30,
          askedAt: ago(6),
          expiresAt: ago(-4),
        },
      ],
      action: '/account/approvals',
    },
  },
  ...(['approved', 'denied', 'gone'] as const).map((notice) => ({
    name: `account-approvals-${notice}`,
    view: 'account/approvals' as const,
    page: {},
    model: { nav: nav('approvals'), requests: [], action: '/account/approvals', notice },
  })),
];

const applications: PageSample[] = [
  {
    name: 'account-applications',
    view: 'account/applications',
    page: {},
    model: {
      nav: nav('applications'),
      notice: 'withdrawn',
      applications: [
        {
          grant: 'g1',
          name: 'Northwind Portal',
          firstParty: true,
          agent: false,
          scopes: [{ name: 'openid' }, { name: 'profile' }, { name: 'roles' }],
          resources: [],
          grantedAt: ago(90_000),
          lastUsedAt: ago(3),
        },
        {
          grant: 'g3',
          name: 'notes.example (Notes)',
          firstParty: false,
          agent: true,
          endsAt: ago(-60 * 24 * 30),
          scopes: [{ name: 'openid' }, { name: 'offline_access' }],
          resources: [{ identifier: 'https://mcp.northwind.example/mcp', scopes: ['stock.read'] }],
          grantedAt: ago(600),
          lastUsedAt: ago(12),
        },
        {
          grant: 'g2',
          name: 'Planner',
          firstParty: false,
          agent: false,
          scopes: [{ name: 'openid' }, { name: 'email' }, { name: 'offline_access' }],
          resources: [{ identifier: 'https://api.northwind.example/', scopes: ['shipments:read', 'shipments:write'] }],
          grantedAt: ago(9000),
        },
      ],
      more: false,
      withdrawAction: '/account/applications',
    },
  },
  {
    name: 'account-applications-none',
    view: 'account/applications',
    page: {},
    model: { nav: nav('applications'), applications: [], more: false, withdrawAction: '/account/applications' },
  },
];

const passkeySignal = {
  rpId: 'localhost',
  userId: 'AAAA',
  name: anna.email,
  displayName: anna.name,
  allAcceptedCredentialIds: ['AAAA'],
};

const passkeys: PageSample[] = [
  {
    name: 'account-passkeys',
    view: 'account/passkeys',
    page: {},
    model: {
      nav: nav('security'),
      notice: 'added',
      passkeys: [
        {
          id: '1',
          name: 'My phone',
          maySync: true,
          isSynced: true,
          addedAt: ago(60 * 24 * 40),
          usedAt: ago(300),
          canRemove: true,
        },
        { id: '2', name: 'Security key', maySync: false, isSynced: false, addedAt: ago(60), canRemove: true },
      ],
      options: { challenge: 'AAAA', user: { id: 'AAAA' }, excludeCredentials: [] },
      addAction: '/account/passkeys',
      renameAction: '/account/passkeys/rename',
      removeAction: '/account/passkeys/remove',
      signal: passkeySignal,
      backHref: '/account/security',
    },
  },
  {
    name: 'account-passkeys-only-way',
    view: 'account/passkeys',
    page: {},
    model: {
      nav: nav('security'),
      passkeys: [
        { id: '1', name: 'My laptop', maySync: true, isSynced: false, addedAt: ago(60 * 24 * 3), canRemove: false },
      ],
      addAction: '/account/passkeys',
      renameAction: '/account/passkeys/rename',
      removeAction: '/account/passkeys/remove',
      signal: passkeySignal,
      backHref: '/account/security',
      error: { code: 'PASSKEY_LAST_WAY' },
    },
  },
];

const passkeyOffer: PageSample = {
  name: 'passkey-offer',
  view: 'interaction/passkey-offer',
  page: { client: { name: 'Northwind Portal' } },
  model: {
    action: '/interaction/x/passkey-offer',
    laterAction: '/interaction/x/passkey-offer/later',
    options: { challenge: 'AAAA', user: { id: 'AAAA' }, excludeCredentials: [] },
  },
};

const devices: PageSample[] = [
  {
    name: 'account-devices',
    view: 'account/devices',
    page: {},
    model: {
      nav: nav('devices'),
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
          applications: ['Northwind Portal', 'Planner'],
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
          applications: [],
        },
        {
          id: 's3',
          browser: '',
          os: '',
          amr: [],
          signedInAt: ago(9000),
          lastSeenAt: ago(8400),
          current: false,
          applications: [],
        },
      ],
      remembered: [
        { id: 'r1', browser: 'Firefox 145', os: 'macOS', since: ago(64), until: new Date('2025-12-28T14:30:00Z') },
        { id: 'r2', browser: '', os: '', since: ago(9000), until: new Date('2025-12-20T14:30:00Z') },
      ],
      forgetAction: '/account/devices/forget',
      revokeAction: '/account/sessions/revoke',
      othersAction: '/account/sessions/revoke-others',
    },
  },
];

const access: PageSample[] = [
  {
    name: 'account-access',
    view: 'account/access',
    page: {},
    model: {
      nav: nav('access'),
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
    },
  },
  {
    name: 'account-access-none',
    view: 'account/access',
    page: {},
    model: { nav: nav('access'), roles: [], visibility: [] },
  },
];

const deleting = {
  nav: nav('data'),
  tenantName: 'Northwind Logistics',
  days: 14,
  action: '/account/data/delete',
  downloadAction: '/account/data/download',
  backHref: '/account/data',
};

const others: PageSample[] = [
  {
    name: 'account-referrals',
    view: 'account/referrals',
    page: {},
    model: {
      nav: nav('referrals'),
      code: { text: 'K7RD2WQXNP', isActive: true, expiresAt: new Date('2026-06-30T00:00:00Z') },
      link: 'https://id.northwind.example/account?tenant=northwind&prompt=create&referral_code=K7RD2WQXNP',
      action: '/account/referrals',
      referred: [
        { name: 'Björn Ek', status: 'completed_signup', at: ago(4000) },
        { name: 'Maja Lind', status: 'pending', at: ago(9000) },
        { status: 'subscription_activated', at: ago(90_000) },
      ],
      more: false,
    },
  },
  {
    name: 'account-referrals-none',
    view: 'account/referrals',
    page: {},
    model: { nav: nav('referrals'), action: '/account/referrals', referred: [], more: false },
  },
  {
    name: 'account-data',
    view: 'account/data',
    page: {},
    model: { nav: nav('data'), downloadAction: '/account/data/download', deleteHref: '/account/data/delete' },
  },
  {
    name: 'account-delete',
    view: 'account/delete',
    page: {},
    model: { ...deleting, ends: { sessions: 3, applications: 2, keys: 1, roles: 4 } },
  },
  {
    name: 'account-delete-last-owner',
    view: 'account/delete',
    page: {},
    model: {
      ...deleting,
      days: 1,
      ends: { sessions: 1, applications: 0, keys: 0, roles: 1 },
      error: { code: 'LAST_OWNER_LEAVES' },
    },
  },
  {
    name: 'deletion-requested',
    view: 'interaction/deletion-requested',
    page: {},
    model: { tenantName: 'Northwind Logistics', dueAt: new Date('2025-12-04T14:30:00Z'), signInHref: '/account' },
  },
  {
    name: 'keep-account',
    view: 'interaction/keep-account',
    page: {},
    model: {
      action: '/interaction/x/keep-account',
      tenantName: 'Northwind Logistics',
      dueAt: new Date('2025-12-04T14:30:00Z'),
      cancelHref: '/interaction/x/cancel',
    },
  },
  {
    name: 'safety-keep-account',
    view: 'interaction/safety',
    page: {},
    model: {
      action: '/safety/x',
      kind: 'keep_account',
      address: anna.email,
      tenantName: 'Northwind Logistics',
      renewsPassword: false,
    },
  },
];

export const samples: PageSample[] = [
  ...own,
  ...addresses,
  ...security,
  ...factors,
  ...password,
  ...passkeys,
  passkeyOffer,
  ...devices,
  ...approvals,
  ...applications,
  ...access,
  ...others,
];
