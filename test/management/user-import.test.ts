import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createPasswordHasher } from '../../src/domain/methods/password/password-hash.ts';
import { signInWithPassword } from '../../src/domain/methods/password/password-sign-in.ts';
import { setPassword } from '../../src/domain/methods/password/set-password.ts';
import { createDatabase, type Database } from '../../src/platform/database.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import * as make from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { importAs } from '../support/import.ts';
import { unlimited } from '../support/limits.ts';
import { managementCapabilities, serviceToken } from '../support/management.ts';
import { personToken } from '../support/management-world.ts';
import { environmentOf, startServerProcess } from '../support/server-process.ts';

/** `correct horse`, by Perl's crypt. */
const bcrypt = '$2b$05$abcdefghijklmnopqrstuuHNbAKRhpaujgo33bRWs.NLUTJO3lOy2';
const right = 'correct horse';

describe('people come in', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let north: string;
  let south: string;
  let token: string;
  const roleIds: Record<string, string> = {};

  before(async () => {
    app = await startTestApp();
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    token = await serviceToken(app, { tenantId, capabilities: managementCapabilities });
    north = (await make.createNode(app.db, { tenantId, parentId: rootId, name: 'North', externalId: 'N-1' })).id;
    south = (await make.createNode(app.db, { tenantId, parentId: rootId, name: 'South' })).id;
    const define = async (name: string, capabilities: string[]) => {
      roleIds[name] = (await make.createRole(app.db, { tenantId, name, capabilities })).id;
    };
    await define('Teacher', ['org.read']);
    await define('Head', ['users.read', 'users.manage', 'roles.assign', 'org.read']);
    await define('Assigner', ['roles.assign', 'org.read']);
    await define('Auditor', ['audit.read']);
  });
  after(() => app?.stop());

  const send = (rows: readonly unknown[] | string, options: { query?: string; type?: string; as?: string } = {}) =>
    importAs(app, options.as ?? token, rows, options);
  const userOf = (email: string) => app.db('users').where({ tenantId, email }).whereNull('deletedAt').first();
  const passwordOf = (userId: string) => app.db('user_identities').where({ userId, provider: 'password' }).first();
  const counts = async () => {
    const tables = ['users', 'user_identities', 'org_assignments', 'user_settings'];
    return Promise.all(
      tables.map(async (table) => Number((await app.db(table).where({ tenantId }).count())[0]?.count)),
    );
  };
  const enter = (address: string, password: string, on: Database = app.db, hasher = app.passwords) =>
    signInWithPassword(
      on,
      { address, password, tenantId },
      { passwords: hasher, limits: unlimited, secrets: app.secrets, caller: { ...systemCaller, ip: '192.0.2.1' } },
    );
  const canEnter = (address: string, password: string) =>
    enter(address, password).then(
      () => true,
      ({ code }) => (code === 'INVALID_CREDENTIALS' ? false : code),
    );

  it('with all that is known of them, once: the same again changes nothing', async () => {
    const rows = [
      {
        external_id: 'old-1',
        email: 'Ada@Example.com',
        email_verified: true,
        phone: '+41 79 555 01 77',
        username: 'ada',
        full_name: 'Ada Lovelace',
        given_name: 'Ada',
        locale: 'fr-ch',
        zoneinfo: 'Europe/Zurich',
        metadata: { room: 12 },
        password_hash: bcrypt,
        identities: [{ provider: 'cognito', subject: 'sub-1' }],
        roles: [
          { role: 'Teacher', place: 'N-1', starts_at: '2026-01-01T00:00:00Z', ends_at: '2036-01-01T00:00:00Z' },
          { role: roleIds.Auditor, place: 'South' },
          { role: 'Teacher' },
        ],
      },
      { username: 'bo', state: 'inactive', mfa_required: true },
    ];
    const first = await send(rows);
    assert.equal(first.status, 200);
    assert.deepEqual(first.outcomes, ['created', 'created']);
    const ada = await userOf('ada@example.com');
    assert.equal(ada.id, first.rows[0]?.user_id);
    assert.deepEqual(
      [ada.phone, ada.externalId, ada.username, ada.fullName, ada.metadata, ada.phoneVerifiedAt],
      ['+41795550177', 'old-1', 'ada', 'Ada Lovelace', { room: 12 }, null],
    );
    assert.ok(ada.emailVerifiedAt && ada.passwordChangedAt);
    const settings = await app.db('user_settings').where({ userId: ada.id }).first();
    assert.deepEqual([settings.locale, settings.zoneinfo], ['fr-CH', 'Europe/Zurich']);
    const held = await app.db('org_assignments').where({ userId: ada.id }).orderBy('startsAt');
    assert.deepEqual(held.map(({ orgNodeId }) => orgNodeId).sort(), [north, south, rootId].sort());
    assert.deepEqual(held[0].endsAt, new Date('2036-01-01T00:00:00Z'));
    const bo = await app.db('users').where({ id: first.rows[1]?.user_id }).first();
    assert.deepEqual([bo.state, bo.mfaRequired, bo.passwordChangedAt], ['inactive', true, null]);
    const events = await app.db('audit_events').where({ tenantId }).whereRaw(`payload ->> 'importId' is not null`);
    const actions = events.map(({ action }) => action).sort();
    assert.deepEqual(actions, [
      'identity.linked',
      'user.created',
      'user.created',
      'user.import_begun',
      'user.imported',
    ]);
    const given = await app
      .db('audit_events')
      .where({ tenantId, action: 'role.assigned' })
      .whereRaw(`payload ->> 'userId' = ?`, [ada.id]);
    assert.equal(given.length, 3);
    assert.ok(events.every(({ payload }) => payload.cause === 'users.import'));
    assert.deepEqual(events.find(({ action }) => action === 'user.imported').payload.outcomes, {
      created: 2,
      updated: 0,
      unchanged: 0,
      refused: 0,
    });

    const before = await counts();
    const again = await send(rows);
    assert.deepEqual(again.outcomes, ['unchanged', 'unchanged']);
    assert.deepEqual(
      again.rows.map(({ user_id }) => user_id),
      first.rows.map(({ user_id }) => user_id),
    );
    assert.deepEqual(await counts(), before);
  });

  it('each row by itself: what is wrong keeps no other back, and says what it is', async () => {
    const lines = [
      '{"email":"one@rows.example"}',
      'no json',
      '',
      '{"email":"no address"}',
      '{"email":"two@rows.example","shoe_size":44}',
      '{"full_name":"Nobody"}',
      '{"email":"three@rows.example","roles":[{"role":"Nothing"}]}',
      '{"email":"four@rows.example","roles":[{"role":"Teacher","place":"Nowhere"}]}',
      '{"email":"five@rows.example","password_hash":"$1$md5$xxxxxxxxxxxxxxxxxxxxxx"}',
      `{"email":"six@rows.example","password_hash":"${bcrypt.replace('$05$', '$20$')}"}`,
      '{"email":"seven@rows.example","roles":[{"role":"Teacher","ends_at":"2020-01-01T00:00:00Z"}]}',
      '{"email":"eight@rows.example","identities":[{"provider":"password","subject":"x"}]}',
      '{"email":"nine@rows.example","identities":[{"provider":"cognito","subject":"sub-1"}]}',
      `{"email":"ten@rows.example","full_name":"${'x'.repeat(70_000)}"}`,
      '{"email":"eleven@rows.example","roles":[{"role":"Teacher"},{"role":"Teacher"}]}',
      '[]',
      'null',
      '{"email":"last@rows.example"}',
    ];
    const { rows, outcomes } = await send(lines.join('\n'));
    assert.deepEqual(
      rows.map(({ line }) => line),
      [1, 2, ...Array.from({ length: 15 }, (_, n) => n + 4)],
    );
    assert.deepEqual(outcomes, [
      'created',
      'refused INVALID_INPUT',
      'refused EMAIL_INVALID',
      'refused VALIDATION_FAILED',
      'refused FIELD_REQUIRED',
      'refused NOT_FOUND',
      'refused NOT_FOUND',
      'refused PASSWORD_HASH_INVALID',
      'refused PASSWORD_HASH_TOO_COSTLY',
      'refused PERIOD_INVALID',
      'refused INVALID_INPUT',
      'refused IDENTITY_IN_USE',
      'refused INVALID_INPUT',
      'refused PERIOD_OVERLAP',
      'refused VALIDATION_FAILED',
      'refused VALIDATION_FAILED',
      'created',
    ]);
    assert.deepEqual(rows[3]?.error?.fields, [{ field: 'shoe_size', message: 'is not known here' }]);
    const made = await app.db('users').where({ tenantId }).andWhereLike('email', '%@rows.example').pluck('email');
    assert.deepEqual(made.sort(), ['last@rows.example', 'one@rows.example']);
  });

  it('several rows of one person, and two people of one address', async () => {
    const { outcomes } = await send([
      { email: 'twice@same.example', full_name: 'Twice' },
      { email: 'twice@same.example', roles: [{ role: 'Teacher', place: 'North' }] },
      { email: 'twice@same.example', roles: [{ role: 'Teacher', place: 'North' }] },
      { external_id: 'x-1', email: 'ext@same.example' },
      { external_id: 'x-2', email: 'ext@same.example' },
      { external_id: 'x-1', email: 'twice@same.example' },
    ]);
    assert.deepEqual(outcomes, [
      'created',
      'updated',
      'unchanged',
      'created',
      'refused DUPLICATE',
      'refused DUPLICATE_EMAIL',
    ]);
  });

  it('says what would happen, and does nothing, when it is tried', async () => {
    const before = await counts();
    const events = Number((await app.db('audit_events').where({ tenantId }).count())[0]?.count);
    const rows = [
      { email: 'tried@dry.example', roles: [{ role: 'Teacher' }] },
      { email: 'tried@dry.example' },
      { email: 'ada@example.com', full_name: 'Another' },
      { email: 'wrong' },
    ];
    const { rows: results, outcomes } = await send(rows, { query: '?dry_run=true' });
    assert.deepEqual(outcomes, ['created', 'unchanged', 'unchanged', 'refused EMAIL_INVALID']);
    assert.equal(results[0]?.user_id, null);
    assert.deepEqual(results[2]?.kept, ['full_name']);
    assert.deepEqual(await counts(), before);
    assert.equal(Number((await app.db('audit_events').where({ tenantId }).count())[0]?.count), events);
  });

  it('who are there already keep every address, every name and every password', async () => {
    const person = await app.person({ tenantId, email: 'kept@there.example', fullName: 'As They Wrote It' });
    const before = await passwordOf(person.id);
    const { rows, outcomes } = await send([
      {
        email: 'kept@there.example',
        phone: '+41795550188',
        username: 'taken-over',
        full_name: 'Somebody Else',
        family_name: 'It',
        external_id: 'there-1',
        state: 'inactive',
        mfa_required: true,
        password_hash: bcrypt,
        identities: [{ provider: 'cognito', subject: 'sub-of-somebody' }],
      },
    ]);
    assert.deepEqual(outcomes, ['updated']);
    assert.deepEqual(rows[0]?.kept.sort(), [
      'full_name',
      'identities',
      'mfa_required',
      'password_hash',
      'phone',
      'state',
      'username',
    ]);
    const after = await app.db('users').where({ id: person.id }).first();
    assert.deepEqual(
      [after.fullName, after.familyName, after.externalId, after.phone, after.username, after.state, after.mfaRequired],
      ['As They Wrote It', 'It', 'there-1', null, null, 'active', false],
    );
    assert.deepEqual(await passwordOf(person.id), before);
    assert.equal(await canEnter('kept@there.example', person.password), true);
    assert.equal(await canEnter('kept@there.example', right), false);
    const identities = await app.db('user_identities').where({ userId: person.id }).pluck('provider');
    assert.deepEqual(identities, ['password']);
  });

  it('who never signed in and have no password may get one by a later import', async () => {
    await send([{ email: 'later@there.example' }]);
    const rows = [
      { email: 'later@there.example', password_hash: bcrypt, identities: [{ provider: 'auth0', subject: 'auth0|9' }] },
    ];
    assert.deepEqual((await send(rows)).outcomes, ['updated']);
    assert.equal(await canEnter('later@there.example', right), true);
    assert.deepEqual((await send(rows)).rows[0]?.kept, ['password_hash']);
  });

  describe('with a password that another system hashed', () => {
    it('sign in by it, and it is replaced by a hash of ours', async () => {
      await send([{ email: 'hashed@foreign.example', password_hash: bcrypt }]);
      const { id } = await userOf('hashed@foreign.example');
      const before = await passwordOf(id);
      assert.equal(before.passwordHash, null);
      assert.ok(before.foreignPasswordHash && !before.foreignPasswordHash.includes('$2b$'));
      assert.equal(await canEnter('hashed@foreign.example', 'correct horsE'), false);
      assert.equal((await passwordOf(id)).foreignPasswordHash, before.foreignPasswordHash);
      assert.equal(await canEnter('hashed@foreign.example', right), true);
      const after = await passwordOf(id);
      assert.match(after.passwordHash, /^\$argon2id\$/);
      assert.deepEqual([after.foreignPasswordHash, after.foreignPasswordMs], [null, null]);
      assert.equal(await canEnter('hashed@foreign.example', right), true);
      assert.equal(await canEnter('hashed@foreign.example', 'correct horsE'), false);
    });

    it('sign in fifty times at once on two processes, and it is replaced once', async () => {
      await send([{ email: 'fifty@foreign.example', password_hash: bcrypt }]);
      const other = createDatabase({ url: app.databaseUrl, poolMax: 8, acquireTimeoutMs: 60_000 });
      const hashers = [0, 1].map(() => createPasswordHasher({ memoryKiB: 64, iterations: 1, longestWaitMs: 600_000 }));
      try {
        const attempts = Array.from({ length: 50 }, (_, n) =>
          enter('fifty@foreign.example', right, n % 2 === 0 ? app.db : other, hashers[n % 2]),
        );
        const codes = (await Promise.allSettled(attempts)).map((one) =>
          one.status === 'rejected' ? one.reason.code : 'OK',
        );
        // More than ten at one moment wait as ever; of those that were compared each was right.
        assert.deepEqual(
          [...new Set(codes)].filter((code) => code !== 'TOO_MANY_ATTEMPTS'),
          ['OK'],
        );
      } finally {
        await other.destroy();
      }
      const { id } = await userOf('fifty@foreign.example');
      const after = await passwordOf(id);
      assert.equal(after.foreignPasswordHash, null);
      assert.match(after.passwordHash, /^\$argon2id\$/);
      await eventually(async () => (await canEnter('fifty@foreign.example', right)) === true, 'they come in as ever');
    });

    it('lose it when the password is set, and when an address is proved that was not', async () => {
      await send([{ email: 'reset@foreign.example', password_hash: bcrypt }]);
      const { id } = await userOf('reset@foreign.example');
      const wanted = { tenantId, userId: id, password: 'lantern orbit velvet' };
      await setPassword(app.db, wanted, { passwords: app.passwords, secrets: app.secrets, caller: systemCaller });
      const after = await passwordOf(id);
      assert.deepEqual([after.foreignPasswordHash, after.rehashedFrom], [null, null]);
      assert.equal(await canEnter('reset@foreign.example', right), false);
      assert.equal(await canEnter('reset@foreign.example', 'lantern orbit velvet'), true);
    });

    it('take no proof for one that was set while it was compared', async () => {
      await send([{ email: 'raced@foreign.example', password_hash: bcrypt }]);
      const { id } = await userOf('raced@foreign.example');
      const slow = {
        ...app.passwords,
        forAttempt: (hashes: number) => {
          const attempt = app.passwords.forAttempt(hashes);
          const verifyForeign: typeof attempt.verifyForeign = async (...given) => {
            const found = await attempt.verifyForeign(...given);
            const wanted = { tenantId, userId: id, password: 'lantern orbit velvet' };
            await setPassword(app.db, wanted, { passwords: app.passwords, secrets: app.secrets, caller: systemCaller });
            return found;
          };
          return { ...attempt, verifyForeign };
        },
      };
      await assert.rejects(enter('raced@foreign.example', right, app.db, slow), { code: 'INVALID_CREDENTIALS' });
      assert.equal(await canEnter('raced@foreign.example', 'lantern orbit velvet'), true);
    });

    it('take plain SHA only where it is asked for', async () => {
      const hash = {
        algorithm: 'sha',
        digest: 'sha256',
        salt: Buffer.from('NaCl').toString('base64'),
        hash: 'sgq3SqJUn34ToOiGy0RxzC5w/NLOgHXA7mSDq7phMvM=',
      };
      const rows = [{ email: 'sha@foreign.example', password_hash: hash }];
      assert.deepEqual((await send(rows)).outcomes, ['refused PASSWORD_HASH_WEAK']);
      assert.deepEqual((await send(rows, { query: '?weak_hashes=true' })).outcomes, ['created']);
      assert.equal(await canEnter('sha@foreign.example', 'password'), true);
    });

    it('are told by nobody: not by the trail, the log, the answer or the export of a person', async () => {
      const rows = [{ email: 'canary@foreign.example', password_hash: bcrypt }];
      const { text, rows: results } = await send(rows);
      const events = JSON.stringify(await app.db('audit_events').where({ tenantId }));
      const identities = JSON.stringify(await app.db('user_identities').where({ tenantId }));
      for (const told of [text, events, identities, app.logs()])
        for (const piece of ['abcdefghijklmnopqrstuu', 'HNbAKRhpaujgo33bRWs']) assert.ok(!told.includes(piece));
      const export_ = await fetch(`${app.issuer}/api/v1/users/${results[0]?.user_id}/export`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
      });
      const { foreignPasswordHash } = await passwordOf(results[0]?.user_id as string);
      assert.equal(export_.status, 200);
      const told = await export_.text();
      assert.ok(!told.includes(foreignPasswordHash) && !told.includes('foreign_password'));
    });
  });

  describe('by the rights of who imports', () => {
    const delegate = async (role: string, at: string) => {
      const person = await app.person({ tenantId });
      await make.assign(app.db, { tenantId, userId: person.id, roleId: roleIds[role] as string, orgNodeId: at });
      return personToken(app, person);
    };

    it('a delegate makes people with roles at their own place, that they could give', async () => {
      const as = await delegate('Head', north);
      const row = (name: string, roles?: object[]) => ({ email: `${name}@delegate.example`, roles });
      const { outcomes } = await send(
        [
          row('a', [{ role: 'Teacher', place: 'N-1' }]),
          row('b'),
          row('c', [{ role: 'Teacher', place: 'South' }]),
          row('d', [{ role: 'Teacher' }]),
          row('e', [{ role: 'Auditor', place: 'N-1' }]),
          row('f', [{ role: 'owner', place: 'N-1' }]),
          row('g', [{ role: 'Teacher', place: crypto.randomUUID() }]),
          row('h', [
            { role: 'Teacher', place: 'North' },
            { role: 'Teacher', place: 'South' },
          ]),
        ],
        { as },
      );
      assert.deepEqual(outcomes, [
        'created',
        'refused FORBIDDEN',
        'refused NOT_FOUND',
        'refused NOT_FOUND',
        'refused PRIVILEGE_EXCEEDED',
        'refused PRIVILEGE_EXCEEDED',
        'refused NOT_FOUND',
        'refused NOT_FOUND',
      ]);
    });

    it('gives a role for no longer than the giver has it', async () => {
      const person = await app.person({ tenantId });
      const ends = new Date(Date.now() + 86_400_000);
      const at = { tenantId, userId: person.id, roleId: roleIds.Head as string, orgNodeId: north };
      await make.assign(app.db, { ...at, endsAt: ends });
      const as = await personToken(app, person);
      const row = (name: string, ends_at?: string) => ({
        email: `${name}@dated.example`,
        roles: [{ role: 'Teacher', place: 'N-1', ends_at }],
      });
      const { outcomes } = await send([row('a', ends.toISOString()), row('b')], { as });
      assert.deepEqual(outcomes, ['created', 'refused PRIVILEGE_EXCEEDED']);
    });

    it('tells nothing of who is out of reach, and changes nothing of them', async () => {
      await send([
        {
          external_id: 'far',
          email: 'far@reach.example',
          phone: '+41795550199',
          username: 'faraway',
          roles: [{ role: 'Teacher', place: 'South' }],
        },
      ]);
      const as = await delegate('Head', north);
      const roles = [{ role: 'Teacher', place: 'N-1' }];
      const { rows, outcomes } = await send(
        [
          { email: 'far@reach.example', full_name: 'X', roles },
          { phone: '+41795550199', roles },
          { username: 'FarAway', roles },
          { external_id: 'far', email: 'other@reach.example', roles },
        ],
        { as },
      );
      assert.deepEqual(outcomes, [
        'refused DUPLICATE_EMAIL',
        'refused DUPLICATE_PHONE',
        'refused DUPLICATE',
        'refused DUPLICATE',
      ]);
      assert.ok(rows.every(({ user_id, kept }) => user_id === null && kept.length === 0));
      const { id, fullName } = await userOf('far@reach.example');
      assert.equal(fullName, null);
      assert.equal((await app.db('org_assignments').where({ userId: id })).length, 1);
    });

    it('gives no way to sign in to somebody who holds more than the importer could give', async () => {
      await send([{ email: 'greater@reach.example', roles: [{ role: 'Auditor', place: 'N-1' }] }]);
      const as = await delegate('Head', north);
      const { rows } = await send([{ email: 'greater@reach.example', password_hash: bcrypt, roles: [] }], { as });
      assert.deepEqual([rows[0]?.outcome, rows[0]?.kept], ['unchanged', ['password_hash']]);
      assert.equal(await canEnter('greater@reach.example', right), false);
    });

    it('asks for the capability, and for a sign-in of the last minutes, before anything is read', async () => {
      const as = await delegate('Assigner', rootId);
      assert.equal((await send([{ email: 'x@y.example' }], { as })).status, 403);
      assert.equal((await send([{ email: 'x@y.example' }], { as: 'nothing' })).status, 401);
    });

    it('reaches no other tenant', async () => {
      const other = await app.tenant();
      await send([{ external_id: 'shared', email: 'shared@two.example', username: 'shared' }]);
      const elsewhere = await serviceToken(app, { tenantId: other.id, capabilities: managementCapabilities });
      const { outcomes } = await send(
        [
          { external_id: 'shared', email: 'shared@two.example', username: 'shared' },
          { email: 'lost@two.example', roles: [{ role: 'Teacher', place: north }] },
          { email: 'lost@two.example', roles: [{ role: roleIds.Teacher, place: '' }] },
        ],
        { as: elsewhere },
      );
      assert.deepEqual(outcomes, ['created', 'refused NOT_FOUND', 'refused PRIVILEGE_EXCEEDED']);
      const named = await send([{ email: 'a@b.example' }], { as: elsewhere, query: `?tenant=${tenantId}` });
      assert.equal(named.status, 404);
    });
  });

  it('refuses a body of another form, and one that is too long', async () => {
    assert.equal((await send([{ email: 'x@y.example' }], { type: 'application/json' })).status, 415);
    const tooMany = await send('\n'.repeat(100_001));
    assert.equal(tooMany.status, 413);
    assert.deepEqual((await send('')).rows, []);
  });

  it('finds what another import makes at the same moment', async () => {
    const rows = Array.from({ length: 300 }, (_, n) => ({
      email: `race-${n}@race.example`,
      password_hash: bcrypt,
      roles: [{ role: 'Teacher' }],
    }));
    const both = await Promise.all([send(rows), send([...rows].reverse())]);
    const outcomes = both.flatMap((answer) => answer.outcomes);
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 300);
    assert.equal(outcomes.filter((outcome) => outcome === 'unchanged').length, 300);
  });

  it('goes on where it was killed: nobody is there half, and the same again completes it', async function () {
    this.timeout(240_000);
    const server = startServerProcess(environmentOf(app, await freePort()));
    const rows = Array.from({ length: 1_500 }, (_, n) => ({
      external_id: `killed-${n}`,
      email: `killed-${n}@kill.example`,
      password_hash: bcrypt,
      identities: [{ provider: 'cognito', subject: `killed-${n}` }],
      roles: [{ role: 'Teacher', place: 'N-1' }],
    }));
    const made = () => app.db('users').where({ tenantId }).andWhereLike('email', '%@kill.example').pluck('id');
    // Somebody of the third batch is made by another, who takes their time: the server waits there.
    try {
      await server.ready();
      const slow = await app.db.transaction();
      try {
        await slow('users').insert({ tenantId, email: 'killed-1100@kill.example' });
        const broken = importAs({ issuer: server.origin }, token, rows).catch(() => 'lost');
        await eventually(async () => (await made()).length === 1_000, 'two batches are there');
        await server.stop('SIGKILL');
        assert.equal(await broken, 'lost');
      } finally {
        await slow.rollback();
      }
    } finally {
      await server.stop('SIGKILL');
    }
    const before = await made();
    assert.equal(before.length, 1_000);
    const count = async (table: string) => Number((await app.db(table).whereIn('userId', before).count())[0]?.count);
    assert.deepEqual(
      [await count('user_identities'), await count('org_assignments'), await count('user_settings')],
      [2 * before.length, before.length, before.length],
    );
    const { outcomes } = await send(rows);
    assert.equal(outcomes.filter((outcome) => outcome === 'unchanged').length, before.length);
    assert.equal(outcomes.filter((outcome) => outcome === 'created').length, 1_500 - before.length);
    assert.equal((await made()).length, 1_500);
  });
});
