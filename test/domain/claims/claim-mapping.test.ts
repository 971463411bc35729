import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  type ClaimMapping,
  claimSources,
  faultOfClaimMapping,
  mapClaims,
} from '../../../src/domain/claims/claim-mapping.ts';
import { claimsByScope, type PersonClaims } from '../../../src/domain/claims/claims.ts';

const person: PersonClaims = {
  sub: '0198c0de-0000-7000-8000-000000000001',
  name: 'Ada Keller',
  preferred_username: 'ada.k',
  email: 'ada@northwind.example',
  email_verified: true,
  phone_number: '+41791234567',
  phone_number_verified: false,
  tenant: { id: '0198c0de-0000-7000-8000-0000000000aa', slug: 'northwind', name: 'Northwind' },
  roles: ['Auditor', 'Teacher'],
  capabilities: ['grades.read'],
  org_assignments: ['Teacher', 'Auditor'].map((role) => ({
    org_node_id: '0198c0de-0000-7000-8000-0000000000bb',
    org_node: 'School',
    type: 'school',
    role,
    starts_at: '2026-01-01T00:00:00.000Z',
  })),
};

const told = (mapping: ClaimMapping, claims: Record<string, unknown> = person, shared = false) =>
  mapClaims(mapping, claims, { person, shared });

describe('the claim mapping of a client', () => {
  it('gives a claim under another name, a constant, and leaves out what is not wanted', () => {
    const claims = told({ upn: { from: 'email' }, env: { value: 'production' }, tier: { value: 2 }, email: null });
    assert.equal(claims.upn, person.email);
    assert.deepEqual([claims.env, claims.tier], ['production', 2]);
    assert.ok(!('email' in claims));
    assert.equal(claims.name, person.name);
  });

  it('makes groups of roles, of capabilities, or of the ids of places', () => {
    assert.deepEqual(told({ groups: { from: 'roles' } }).groups, ['Auditor', 'Teacher']);
    assert.deepEqual(told({ groups: { from: 'capabilities' } }).groups, ['grades.read']);
    assert.deepEqual(told({ groups: { from: 'places' } }).groups, ['0198c0de-0000-7000-8000-0000000000bb']);
    assert.equal(told({ hd: { from: 'tenant' } }).hd, 'northwind');
  });

  it('says of which tenant a role is, for an application of all tenants', () => {
    const mapping: ClaimMapping = { groups: { from: 'roles' }, rights: { from: 'capabilities' } };
    const claims = told(mapping, person, true);
    assert.deepEqual(claims.groups, ['northwind:Auditor', 'northwind:Teacher']);
    assert.deepEqual(claims.rights, ['grades.read']);
  });

  it('gives an address that stands alone if it is verified only', () => {
    assert.equal(told({ tel: { from: 'phone_number' } }).tel, undefined);
    const unproved = { ...person, email_verified: false };
    assert.equal(mapClaims({ upn: { from: 'email' } }, person, { person: unproved, shared: false }).upn, undefined);
    // Nor the username in the place of the address that was asked for: a person chooses it.
    const instead: ClaimMapping = { preferred_username: { from: 'email' } };
    const claims = mapClaims(instead, person, { person: unproved, shared: false });
    assert.equal(claims.preferred_username, undefined);
    assert.equal(told(instead).preferred_username, person.email);
  });

  it('never says what was not released, whatever it asks for', () => {
    const names = Object.keys(person);
    const rule = fc.oneof(
      fc.constantFrom(...claimSources).map((from) => ({ from })),
      fc.constant({ value: 'constant' }),
    );
    const mappings = fc.dictionary(fc.constantFrom('groups', 'upn', 'preferred_username', 'https://a.example/x'), rule);
    fc.assert(
      fc.property(mappings, fc.subarray(names), fc.boolean(), (mapping, released, shared) => {
        const claims = Object.fromEntries(Object.entries(person).filter(([name]) => released.includes(name)));
        const before = JSON.stringify(claims);
        const text = JSON.stringify(told(mapping, claims, shared));
        assert.equal(JSON.stringify(claims), before);
        const secrets: [string, unknown][] = Object.entries(person).filter(([name]) => !released.includes(name));
        for (const [name, value] of secrets) {
          if (typeof value === 'string') assert.ok(!text.includes(JSON.stringify(value)), `${name} in ${text}`);
          if (name === 'roles') assert.ok(!text.includes('Teacher') || released.includes('org_assignments'), text);
        }
      }),
    );
  });

  it('is refused where it would speak for the protocol or for Gatehouse', () => {
    const protocol = ['iss', 'sub', 'aud', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'sid', 'acr', 'amr', 'auth_time'];
    const more = ['azp', 'at_hash', 'cnf', 'act', 'events', 'client_id', 'scope', 'active', 'SUB', 'Iss'];
    for (const name of [...protocol, ...more])
      for (const rule of [{ value: 'x' }, { from: 'email' }, null])
        assert.match(faultOfClaimMapping({ [name]: rule }) ?? '', /protocol/, name);
    for (const name of Object.values(claimsByScope).flat()) {
      assert.ok(faultOfClaimMapping({ [name]: { value: 'x' } }), name);
      assert.ok(faultOfClaimMapping({ [name.toUpperCase()]: { value: true } }), name);
      if (name !== 'preferred_username') assert.ok(faultOfClaimMapping({ [name]: { from: 'name' } }), name);
    }
    assert.match(faultOfClaimMapping({ email_verified: null }) ?? '', /stays/);
  });

  it('is refused where it is none', () => {
    const list = Array.from({ length: 21 }, (_, n) => [`c${n}`, { value: n }]);
    for (const broken of [
      ...[null, [], 'groups', { groups: 'roles' }, { groups: {} }, { groups: { from: 'passwords' } }],
      ...[
        { groups: { from: '__proto__' } },
        { groups: { from: 'roles', value: 'x' } },
        { groups: { from: ['roles'] } },
      ],
      ...[{ 'a b': { value: 1 } }, { '': { value: 1 } }, { _claim_names: { value: 'x' } }, { é: { value: 1 } }],
      ...[
        { x: { value: { a: 1 } } },
        { x: { value: null } },
        { x: { value: 'a'.repeat(201) } },
        { x: { value: '\0' } },
      ],
      ...[{ x: { value: [1] } }, { x: { value: 1.5 } }, { nickname: null }, Object.fromEntries(list)],
      JSON.parse('{"__proto__": {"value": "x"}}'),
    ])
      assert.ok(faultOfClaimMapping(broken), JSON.stringify(broken));
    for (const sound of [
      {},
      { groups: { from: 'roles' }, 'https://hasura.io/role': { value: 'user' }, 'cognito:groups': { from: 'places' } },
      { constructor: { value: ['a', 'b'] }, locale: null, preferred_username: { from: 'email' } },
    ])
      assert.equal(faultOfClaimMapping(sound), undefined, JSON.stringify(sound));
  });
});
