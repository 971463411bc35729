import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import type { EffectiveAccess } from '../../../src/domain/access/effective-access.ts';
import {
  accessTokenClaims,
  type ClaimsAccount,
  claimsByScope,
  claimsFor,
  scopes,
} from '../../../src/domain/claims/claims.ts';

const account: ClaimsAccount = {
  userId: '0198c0de-0000-7000-8000-000000000001',
  email: 'ada@northwind.example',
  emailVerified: true,
  phone: '+41791234567',
  phoneVerified: false,
  fullName: 'Ada Keller',
  givenName: 'Ada',
  familyName: 'Keller',
  username: 'ada.k',
  pictureUrl: 'https://northwind.example/ada.png',
  locale: 'de-CH',
  zoneinfo: 'Europe/Zurich',
  updatedAt: new Date('2026-01-02T03:04:05.999Z'),
  tenant: { id: '0198c0de-0000-7000-8000-0000000000aa', slug: 'northwind', name: 'Northwind' },
};

const school = { orgNodeId: '0198c0de-0000-7000-8000-0000000000bb', orgNode: 'School', orgNodeType: 'school' };
const company = { orgNodeId: '0198c0de-0000-7000-8000-0000000000cc', orgNode: 'Company', orgNodeType: 'company' };
const startsAt = new Date('2026-01-01T00:00:00.000Z');
const endsAt = new Date('2026-07-01T00:00:00.000Z');

const access: EffectiveAccess = {
  roles: ['Teacher', 'Auditor', 'Teacher'],
  capabilities: ['grades.write', 'grades.read', 'grades.read'],
  assignments: [
    { id: 'a1', role: 'Teacher', ...school, startsAt, endsAt },
    { id: 'a2', role: 'Teacher', ...company, startsAt, endsAt: null },
    { id: 'a3', role: 'Auditor', ...company, startsAt, endsAt: null },
  ],
  visibilityGrants: [
    { id: 'v1', orgNodeId: company.orgNodeId, orgNode: 'Company', accessScope: 'analyze', startsAt, endsAt },
  ],
  earliestEnd: endsAt,
};

const nobody: ClaimsAccount = {
  ...account,
  ...{ email: null, emailVerified: false, phone: null, phoneVerified: false, fullName: null, givenName: null },
  ...{ familyName: null, username: null, pictureUrl: null, locale: null, zoneinfo: null },
};
const nothing: EffectiveAccess = {
  ...{ roles: [], capabilities: [], assignments: [], visibilityGrants: [], earliestEnd: null },
};

const org_assignments = [
  {
    org_node_id: school.orgNodeId,
    org_node: 'School',
    type: 'school',
    role: 'Teacher',
    starts_at: '2026-01-01T00:00:00.000Z',
    ends_at: '2026-07-01T00:00:00.000Z',
  },
  ...['Teacher', 'Auditor'].map((role) => ({
    org_node_id: company.orgNodeId,
    org_node: 'Company',
    type: 'company',
    role,
    starts_at: '2026-01-01T00:00:00.000Z',
  })),
];
const visibility_grants = [
  {
    org_node_id: company.orgNodeId,
    org_node: 'Company',
    access_scope: 'analyze',
    starts_at: '2026-01-01T00:00:00.000Z',
    ends_at: '2026-07-01T00:00:00.000Z',
  },
];

describe('the claims of a person', () => {
  it('are all there is to say, in the registered names', () => {
    assert.deepEqual(claimsFor(account, access), {
      sub: account.userId,
      name: 'Ada Keller',
      given_name: 'Ada',
      family_name: 'Keller',
      preferred_username: 'ada.k',
      picture: 'https://northwind.example/ada.png',
      locale: 'de-CH',
      zoneinfo: 'Europe/Zurich',
      updated_at: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      email: 'ada@northwind.example',
      email_verified: true,
      phone_number: '+41791234567',
      phone_number_verified: false,
      tenant: account.tenant,
      roles: ['Auditor', 'Teacher'],
      capabilities: ['grades.read', 'grades.write'],
      org_assignments,
      visibility_grants,
    });
  });

  it('leave out what has no value', () => {
    assert.deepEqual(claimsFor(nobody, nothing), {
      sub: account.userId,
      updated_at: Date.UTC(2026, 0, 2, 3, 4, 5) / 1000,
      tenant: account.tenant,
      roles: [],
      capabilities: [],
      org_assignments: [],
      visibility_grants: [],
    });
  });

  it('are released scope by scope', () => {
    const released = (...scopes: string[]) => Object.keys(claimsFor(account, access, scopes)).sort();
    assert.deepEqual(released(), ['sub']);
    assert.deepEqual(released('openid'), ['sub']);
    assert.deepEqual(released('openid', 'email'), ['email', 'email_verified', 'sub']);
    assert.deepEqual(released('phone'), ['phone_number', 'phone_number_verified', 'sub']);
    assert.deepEqual(released('roles'), ['roles', 'sub', 'tenant']);
    assert.deepEqual(released('capabilities', 'org'), [
      'capabilities',
      'org_assignments',
      'sub',
      'tenant',
      'visibility_grants',
    ]);
    assert.deepEqual(released('offline_access', 'constructor', '__proto__', 'inventory.read'), ['sub']);
  });

  it('are each released by a scope, and no scope releases one that is never given', () => {
    // How somebody signed in the library adds itself.
    const given = [...Object.keys(claimsFor(account, access)), 'acr', 'amr', 'auth_time'].sort();
    assert.deepEqual([...new Set(Object.values(claimsByScope).flat())].sort(), given);
    assert.deepEqual(claimsFor(account, access, Object.keys(claimsByScope)), claimsFor(account, access));
  });

  it('are released by the scopes that the README lists, and by no others', () => {
    const readme = readFileSync(new URL('../../../README.md', import.meta.url), 'utf8');
    const [, table = ''] = readme.split('| scope | releases |\n|---|---|\n');
    const listed = table
      .slice(0, table.indexOf('\n\n'))
      .split('\n')
      .flatMap((line) => [...(line.split('|')[1] ?? '').matchAll(/`(\w+)`/g)].map(([, name]) => name));
    assert.deepEqual(listed.sort(), Object.keys(scopes).sort());
  });

  it('name a tenant by what is public of it alone', () => {
    const tenant = { ...account.tenant, state: 'active', settings: { selfSignUp: true } };
    assert.deepEqual(claimsFor({ ...account, tenant }, access).tenant, account.tenant);
  });
});

describe('the claims of an access token', () => {
  it('are what its scopes release', () => {
    const claims = (...scopes: string[]) => accessTokenClaims(account, access, new Set(scopes));
    const { tenant } = account;
    assert.deepEqual(claims(), {});
    assert.deepEqual(claims('openid', 'offline_access'), {});
    assert.deepEqual(claims('roles'), { tenant, roles: ['Auditor', 'Teacher'] });
    assert.deepEqual(claims('capabilities'), { tenant, capabilities: ['grades.read', 'grades.write'] });
    assert.deepEqual(claims('org'), { tenant, org_assignments, visibility_grants });
  });

  it('never hold an address, a name or a picture, whatever the scopes', () => {
    assert.deepEqual(accessTokenClaims(account, access, new Set(['profile', 'email', 'phone', 'address'])), {});
    const scope = fc.oneof(fc.constantFrom(...Object.keys(claimsByScope)), fc.string());
    const personal = [
      account.email,
      account.phone,
      account.fullName,
      account.username,
      account.pictureUrl,
      account.zoneinfo,
    ];
    fc.assert(
      fc.property(fc.array(scope), (scopes) => {
        const claims = accessTokenClaims(account, access, new Set(scopes));
        const allowed = ['tenant', 'roles', 'capabilities', 'org_assignments', 'visibility_grants'];
        for (const name of Object.keys(claims)) assert.ok(allowed.includes(name), name);
        const text = JSON.stringify(claims);
        for (const value of personal) assert.equal(text.includes(value ?? ''), false);
      }),
    );
  });

  it('say the same as the claims of the person', () => {
    const scopes = ['roles', 'capabilities', 'org'];
    const { sub, ...claims } = claimsFor(account, access, scopes);
    assert.equal(sub, account.userId);
    assert.deepEqual(accessTokenClaims(account, access, new Set(scopes)), claims);
  });

  it('do not change what they are made from', () => {
    const before = structuredClone(access);
    accessTokenClaims(account, access, new Set(['roles', 'capabilities', 'org']));
    claimsFor(account, access);
    assert.deepEqual(access, before);
  });
});
