import assert from 'node:assert/strict';
import { type Caller, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import {
  type OutgoingMessage,
  openPayload,
  revivedMessage,
  sendMessageJob,
} from '../../../src/domain/messages/outgoing-message.ts';
import { changeProfile } from '../../../src/domain/sign-in/change-profile.ts';
import { updateSettings } from '../../../src/domain/users/profiles.ts';
import type { User } from '../../../src/domain/users/users.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { newId } from '../../../src/platform/ids.ts';
import { createSecrets, randomToken } from '../../../src/platform/secrets.ts';
import { installFaults, withFault } from '../../support/audit.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant, createUser } from '../../support/factories.ts';

const secrets = createSecrets([randomToken(48)]);
let count = 0;
const address = () => `person-${++count}@example.test`;

describe('a profile changed by who administers people', () => {
  let database: TestDatabase;
  let db: Database;
  let tenant: Awaited<ReturnType<typeof createTenant>>;

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    tenant = await createTenant(db);
    await installFaults(db);
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  function change({ id: userId }: User, wanted: object, caller: Caller = systemCaller) {
    const deps = { secrets, issuer: 'https://id.example.test', caller };
    return changeProfile(db, { tenantId: tenant.id, userId, ...wanted }, deps);
  }

  /** What waits for any of these addresses. */
  async function noticesTo(...addresses: (string | null)[]): Promise<OutgoingMessage[]> {
    const jobs = await db('graphile_worker._private_jobs as j')
      .join('graphile_worker._private_tasks as t', 't.id', 'j.task_id')
      .where('t.identifier', sendMessageJob)
      .select('j.payload');
    return jobs
      .map(({ payload }) => revivedMessage(openPayload(secrets, sendMessageJob, payload).value as never))
      .filter(({ to }) => addresses.includes(to));
  }

  it('tells the verified address that it had, in their language, and nothing of the new one', async () => {
    const user = await createUser(db, { tenantId: tenant.id, email: address(), emailVerified: true });
    await updateSettings(db, { tenantId: tenant.id, userId: user.id, locale: 'fr' }, systemCaller);
    const next = address();
    await change(user, { email: next, emailVerified: true });
    const [notice, ...more] = await noticesTo(user.email, next);
    assert.deepEqual(more, []);
    assert.deepEqual(
      [notice?.template, notice?.channel, notice?.to, notice?.locale, notice?.tenantId],
      ['email-changed', 'email', user.email, 'fr', tenant.id],
    );
    const { name: tenantName } = await db('tenants').where({ id: tenant.id }).first();
    assert.deepEqual(notice?.model, { tenantName, href: 'https://id.example.test/account' });
  });

  it('tells it also when the address is taken away, by another person of the tenant', async () => {
    const user = await createUser(db, {
      tenantId: tenant.id,
      email: address(),
      phone: '+41795550102',
      emailVerified: true,
    });
    const other = await createUser(db, { tenantId: tenant.id });
    await change(user, { email: null }, { type: 'user', id: other.id });
    assert.equal((await noticesTo(user.email)).length, 1);
  });

  it('tells nobody of an address that was not proved, of another change, nor of a person’s own', async () => {
    const unproved = await createUser(db, { tenantId: tenant.id, email: address(), emailVerified: false });
    await change(unproved, { email: address() });
    const renamed = await createUser(db, { tenantId: tenant.id, email: address(), emailVerified: true });
    await change(renamed, { fullName: 'New Name', email: renamed.email?.toUpperCase() });
    const own = await createUser(db, { tenantId: tenant.id, email: address(), emailVerified: true });
    await change(own, { email: address() }, { type: 'user', id: own.id });
    assert.deepEqual(await noticesTo(unproved.email, renamed.email, own.email), []);
  });

  it('tells every address that was taken, of many changes at once', async () => {
    const user = await createUser(db, { tenantId: tenant.id, email: address(), emailVerified: true });
    const next = Array.from({ length: 8 }, address);
    await Promise.all(next.map((email) => change(user, { email, emailVerified: true })));
    const told = (await noticesTo(user.email, ...next)).map(({ to }) => to);
    const { email: last } = await db('users').where({ id: user.id }).first();
    assert.deepEqual(told.sort(), [user.email as string, ...next].filter((to) => to !== last).sort());
  });

  it('and the message are both or neither, and nobody of another tenant is changed or told', async () => {
    const user = await createUser(db, { tenantId: tenant.id, email: address(), emailVerified: true });
    await withFault(db, 'profile.updated', () => assert.rejects(change(user, { email: address() })));
    const stranger = await createUser(db, { email: address(), emailVerified: true });
    await assert.rejects(change(stranger, { email: address() }), { code: 'NOT_FOUND' });
    await assert.rejects(change({ ...user, id: newId() }, { email: address() }), { code: 'NOT_FOUND' });
    assert.deepEqual(await noticesTo(user.email, stranger.email), []);
  });
});
