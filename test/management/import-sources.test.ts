import assert from 'node:assert/strict';
import { matchesForeign } from '../../src/domain/methods/password/compare-foreign.ts';
import { checkedForeignHash } from '../../src/domain/methods/password/foreign-hash.ts';
import {
  type ImportFormat,
  readSource,
  type SourceOptions,
} from '../../src/management/import-sources/import-sources.ts';

// biome-ignore lint/suspicious/noExplicitAny: rows are read by tests, which say what they expect
type Row = any;

function rowsOf(format: ImportFormat, text: string | object, options?: SourceOptions): Row[] {
  const lines = readSource(format, typeof text === 'string' ? text : JSON.stringify(text), options);
  return lines.map((read) => ('value' in read ? read.value : read.fault.code));
}

const isPassword = (hash: unknown, password: string) =>
  matchesForeign(checkedForeignHash(hash, { weakHashes: true }), password);

describe('what other systems write out', () => {
  it('is read of Firebase, with its own scrypt', async () => {
    const exported = {
      users: [
        {
          localId: 'uid1',
          email: 'ada@example.com',
          emailVerified: true,
          passwordHash: 'lSrfV15cpx95_sZS2W9c9Kp6i_LVgQNDNC_qzrCnh1SAyZvqmZqAjTdn3aoItz-VHjoZilo78198JAdRuid5lQ==',
          salt: '42xEC-ixf3L2lw==',
          displayName: 'Ada',
          photoUrl: 'https://example.com/ada.png',
          phoneNumber: '+41795550177',
          createdAt: '1500000000000',
          customAttributes: '{"admin":true}',
          providerUserInfo: [
            { providerId: 'google.com', rawId: '117', email: 'ada@gmail.com' },
            { providerId: 'microsoft.com', rawId: 'x' },
          ],
        },
        { localId: 'uid2', email: 'bo@example.com', disabled: true, providerUserInfo: [] },
      ],
    };
    const firebase = {
      signerKey: 'jxspr8Ki0RYycVU8zykbdLGjFQ3McFUH0uiiTvC8pVMXAn210wjLNmdZJzxUECKbm0QsEmYUSDzZvpjeJ9WmXA==',
      saltSeparator: 'Bw==',
      rounds: 8,
      memCost: 14,
    };
    const [ada, bo] = rowsOf('firebase', exported, { firebase });
    const { password_hash: hash, ...rest } = ada;
    assert.equal(await isPassword(hash, 'user1password'), true);
    assert.deepEqual(rest, {
      external_id: 'uid1',
      email: 'ada@example.com',
      email_verified: true,
      phone: '+41795550177',
      full_name: 'Ada',
      picture_url: 'https://example.com/ada.png',
      state: 'active',
      metadata: { admin: true },
      identities: [
        { provider: 'firebase', subject: 'uid1' },
        { provider: 'google', issuer: 'https://accounts.google.com', subject: '117' },
      ],
    });
    assert.deepEqual([bo.state, bo.password_hash], ['inactive', undefined]);
    assert.equal(rowsOf('firebase', exported)[0].password_hash, undefined);
  });

  it('is read of Auth0, a document a line, with the hashes that it knows', async () => {
    const bcrypt = '$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2';
    const users = [
      {
        user_id: 'auth0|1',
        email: 'ada@example.com',
        email_verified: true,
        name: 'ada@example.com',
        given_name: 'Ada',
        picture: 'https://example.com/ada.png',
        user_metadata: { color: 'blue' },
        app_metadata: { plan: 'pro' },
        identities: [
          { provider: 'auth0', user_id: '1', connection: 'Users' },
          { provider: 'google-oauth2', user_id: '117', connection: 'google-oauth2' },
        ],
      },
      { _id: { $oid: '2' }, email: 'bo@example.com', passwordHash: bcrypt, blocked: true },
      {
        user_id: 'auth0|3',
        email: 'cy@example.com',
        custom_password_hash: {
          algorithm: 'sha256',
          hash: { value: 'b20ab74aa2549f7e13a0e886cb4471cc2e70fcd2ce8075c0ee6483abba6132f3', encoding: 'hex' },
          salt: { value: 'NaCl', encoding: 'utf8', position: 'prefix' },
        },
      },
      { user_id: 'auth0|4', email: 'di@example.com', custom_password_hash: { algorithm: 'md5', hash: { value: 'x' } } },
    ];
    const text = users.map((user) => `${JSON.stringify(user)}\n`).join('');
    const [ada, bo, cy, di] = rowsOf('auth0', text);
    assert.deepEqual(ada, {
      external_id: 'auth0|1',
      email: 'ada@example.com',
      email_verified: true,
      phone_verified: false,
      given_name: 'Ada',
      picture_url: 'https://example.com/ada.png',
      state: 'active',
      metadata: { user_metadata: { color: 'blue' }, app_metadata: { plan: 'pro' } },
      identities: [
        { provider: 'auth0', subject: 'auth0|1' },
        { provider: 'google', issuer: 'https://accounts.google.com', subject: '117' },
      ],
    });
    assert.deepEqual([bo.external_id, bo.state], ['auth0|2', 'inactive']);
    assert.equal(await isPassword(bo.password_hash, 'correct horse'), true);
    assert.equal(await isPassword(cy.password_hash, 'password'), true);
    assert.throws(() => checkedForeignHash(di.password_hash, { weakHashes: true }), { code: 'PASSWORD_HASH_INVALID' });
    assert.deepEqual(rowsOf('auth0', users), rowsOf('auth0', text));
  });

  it('is read of Keycloak, of each of its ways to keep a hash', async () => {
    const credential = (secretData: object, credentialData: object) => ({
      type: 'password',
      secretData: JSON.stringify(secretData),
      credentialData: JSON.stringify(credentialData),
    });
    const salt = 'VaXa3H3OJXXujl+cRg66HA==';
    const value = 'CAvVFGTCKugida1OUCsYa/Jzob+Hi4gb8Xu7IwRIvLw4RN+iMsyGiFjqOU1yii+44LtAs59rbUxcSf84J+O7EQ==';
    const realm = {
      realm: 'school',
      users: [
        {
          id: 'k1',
          username: 'ada',
          email: 'ada@example.com',
          emailVerified: true,
          firstName: 'Ada',
          lastName: 'Lovelace',
          enabled: true,
          attributes: { locale: ['fr'], room: ['12'], tags: ['a', 'b'] },
          credentials: [
            { type: 'otp', secretData: '{}' },
            credential({ value, salt }, { hashIterations: 1500, algorithm: 'pbkdf2-sha256' }),
          ],
          federatedIdentities: [{ identityProvider: 'google', userId: '117', userName: 'ada' }],
          realmRoles: ['default-roles-school'],
        },
        {
          id: 'k2',
          username: 'bo@example.com',
          email: 'bo@example.com',
          enabled: false,
          credentials: [
            credential(
              { value: 'CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc=', salt: 'c29tZXNhbHQ=' },
              {
                hashIterations: 2,
                algorithm: 'argon2',
                additionalParameters: {
                  type: ['id'],
                  version: ['1.3'],
                  memory: ['65536'],
                  parallelism: ['1'],
                  hashLength: ['32'],
                },
              },
            ),
          ],
        },
        {
          id: 'k3',
          username: 'cy',
          credentials: [
            { type: 'password', hashedSaltedValue: value, salt, hashIterations: 1500, algorithm: 'pbkdf2-sha256' },
          ],
        },
      ],
    };
    const [ada, bo, cy] = rowsOf('keycloak', realm);
    const { password_hash: hash, ...rest } = ada;
    assert.equal(await isPassword(hash, 'pässword'), true);
    assert.deepEqual(rest, {
      external_id: 'k1',
      email: 'ada@example.com',
      email_verified: true,
      username: 'ada',
      given_name: 'Ada',
      family_name: 'Lovelace',
      locale: 'fr',
      state: 'active',
      metadata: { room: '12', tags: ['a', 'b'] },
      identities: [
        { provider: 'keycloak', subject: 'k1' },
        { provider: 'google', issuer: 'https://accounts.google.com', subject: '117' },
      ],
    });
    assert.deepEqual([bo.username, bo.state], [undefined, 'inactive']);
    assert.equal(await isPassword(bo.password_hash, 'password'), true);
    assert.equal(await isPassword(cy.password_hash, 'pässword'), true);
  });

  it('is read of Cognito, as a list and as a table', () => {
    const sub = '11111111-2222-3333-4444-555555555555';
    const list = {
      Users: [
        {
          Username: sub,
          Attributes: [
            { Name: 'sub', Value: sub },
            { Name: 'email', Value: 'ada@example.com' },
            { Name: 'email_verified', Value: 'true' },
            { Name: 'custom:room', Value: '12' },
            { Name: 'identities', Value: '[{"userId":"117","providerName":"Google","providerType":"Google"}]' },
          ],
          Enabled: false,
          UserStatus: 'CONFIRMED',
        },
      ],
    };
    const expected = {
      external_id: sub,
      email: 'ada@example.com',
      email_verified: true,
      phone_verified: false,
      metadata: { room: '12' },
    };
    const google = { provider: 'google', issuer: 'https://accounts.google.com', subject: '117' };
    assert.deepEqual(rowsOf('cognito', list), [
      { ...expected, state: 'inactive', identities: [{ provider: 'cognito', subject: sub }, google] },
    ]);
    const table = `cognito:username,name,sub,email,email_verified,phone_number,custom:room\nada,,${sub},ada@example.com,TRUE,,12\n`;
    assert.deepEqual(rowsOf('cognito', table), [
      { ...expected, username: 'ada', state: 'active', identities: [{ provider: 'cognito', subject: sub }] },
    ]);
  });

  it('is read of a table, by the names of its columns', () => {
    const table = [
      'name;email;email_verified;role;place;from;until;metadata.room;provider;subject;phone',
      "Ada;ada@example.com;yes;Teacher;N-1;2026-09-01;2027-06-30;12;google;117;'+41795550177",
      '"Bo; the second";bo@example.com;maybe;;;;;;;;',
      'Cy;cy@example.com;no;Teacher;;2026-09-01T08:00:00+02:00;soon;;;;',
    ].join('\r\n');
    const [ada, bo, cy] = rowsOf('csv', table);
    assert.deepEqual(ada, {
      full_name: 'Ada',
      email: 'ada@example.com',
      email_verified: true,
      phone: '+41795550177',
      metadata: { room: '12' },
      roles: [
        { role: 'Teacher', place: 'N-1', starts_at: '2026-09-01T00:00:00.000Z', ends_at: '2027-07-01T00:00:00.000Z' },
      ],
      identities: [{ provider: 'google', subject: '117' }],
    });
    assert.deepEqual(bo, { full_name: 'Bo; the second', email: 'bo@example.com', email_verified: 'maybe' });
    assert.deepEqual(cy.roles, [{ role: 'Teacher', starts_at: '2026-09-01T08:00:00+02:00', ends_at: 'soon' }]);
  });

  it('is refused where it is nothing of the kind, and item by item where one is', () => {
    for (const text of ['', 'hello', '42', '"users"', '{"users":{}', 'a,b\n1,2'])
      assert.throws(() => readSource('json', text), { code: 'IMPORT_UNREADABLE' }, text);
    assert.deepEqual(rowsOf('json', '[{"email":"a@b.example"},7,null]'), [
      { email: 'a@b.example' },
      'INVALID_INPUT',
      'INVALID_INPUT',
    ]);
    for (const format of ['firebase', 'auth0', 'keycloak', 'cognito'] as const) {
      const hostile = [
        { __proto__: null, attributes: 7, credentials: {}, identities: 'x', providerUserInfo: null },
        {},
        [],
      ];
      assert.equal(rowsOf(format, hostile).length, 3, format);
    }
  });
});
