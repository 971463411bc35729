/** Codes and recovery links that are asked for by a username, from the request over the job to what they lead to. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../../../src/domain/audit/audit-events.ts';
import { deliverCode, deliverCodeJob } from '../../../../src/domain/codes/deliver-code.ts';
import { requestCode } from '../../../../src/domain/codes/one-time-codes.ts';
import type { Messenger } from '../../../../src/domain/messages/deliver-message.ts';
import { type Channel, type OutgoingMessage, openPayload } from '../../../../src/domain/messages/outgoing-message.ts';
import { signInWithCode } from '../../../../src/domain/methods/code/code-sign-in.ts';
import { signInMethods } from '../../../../src/domain/methods/methods.ts';
import { createPasswordHasher } from '../../../../src/domain/methods/password/password-hash.ts';
import { deliverRecovery } from '../../../../src/domain/recovery/deliver-recovery.ts';
import {
  deliverRecoveryJob,
  findRecovery,
  requestRecovery,
  resetPassword,
} from '../../../../src/domain/recovery/recovery.ts';
import { updateTenantSettings } from '../../../../src/domain/tenants/tenants.ts';
import { createDatabase, type Database, rows } from '../../../../src/platform/database.ts';
import { createSecrets, randomToken } from '../../../../src/platform/secrets.ts';
import { createTestDatabase, type TestDatabase } from '../../../support/database.ts';
import { createTenant, createUser } from '../../../support/factories.ts';
import { unlimited } from '../../../support/limits.ts';
import { letPass, otherThan } from '../../codes/code-jobs.ts';

const secrets = createSecrets([randomToken(48)]);
const passwords = createPasswordHasher({ memoryKiB: 64, iterations: 1 });
const issuer = 'https://id.example.test';
const channels: Channel[] = ['email', 'sms'];
const phoneCountries = ['CH'];
const request = {
  ...{ secrets, caller: systemCaller, channels, phoneCountries, limits: unlimited },
  budgets: { email: 1e6, phone: 1e6 },
};
const proof = { secrets, issuer, methods: signInMethods, caller: systemCaller };
const refused = { code: 'CODE_INVALID' };

describe('a code that is asked for by a username', () => {
  let database: TestDatabase;
  let db: Database;
  let school: string;
  let delivered: OutgoingMessage[] = [];
  const messenger: Messenger = {
    async deliver(message) {
      delivered.push(message);
      return 'sent';
    },
  };

  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 10 });
    const settings = { usernames: true, countryList: ['CH'] };
    school = (await createTenant(db, { name: 'School', slug: 'school', settings })).id;
  });
  beforeEach(async () => {
    delivered = [];
    for (const table of ['rate_limits', 'otp_codes', 'sign_in_failures']) await db(table).delete();
    await rows(db, 'delete from graphile_worker._private_jobs');
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  let number = 0;
  const newName = () => `Pupil-${++number}`;
  const add = (user: Parameters<typeof createUser>[1] = {}) => createUser(db, { tenantId: school, ...user });

  /** Runs what waits, and answers what was sent. */
  async function deliverAll(): Promise<OutgoingMessage[]> {
    const before = delivered.length;
    const jobs = await rows<{ task: string; payload: unknown }>(
      db,
      `select t.identifier as task, j.payload
         from graphile_worker._private_jobs j
         join graphile_worker._private_tasks t on t.id = j.task_id
        where t.identifier in ('${deliverCodeJob}', '${deliverRecoveryJob}')
        order by j.id`,
    );
    for (const { task, payload } of jobs) {
      const deps = { db, secrets, messenger, issuer, phoneCountries };
      await (task === deliverCodeJob ? deliverCode(payload, deps) : deliverRecovery(payload, deps));
    }
    return delivered.slice(before);
  }

  /** Asks for a code; what its reader would type if it reached them. */
  async function ask(address: string, { tenantId = school as string | null, channel = 'email' as Channel } = {}) {
    const challenge = randomToken();
    const wanted = { tenantId, purpose: 'login', channel, address, challenge, locale: 'en' } as const;
    const { destination, resendInSeconds } = await requestCode(db, wanted, request);
    const [job] = await rows<{ payload: unknown }>(
      db,
      'select payload from graphile_worker._private_jobs order by id desc limit 1',
    );
    const { code } = openPayload(secrets, deliverCodeJob, job?.payload).value as { code: string };
    return { challenge, destination, tenantId, code, resendInSeconds };
  }
  const signIn = ({ challenge, destination, tenantId, code }: Awaited<ReturnType<typeof ask>>) =>
    signInWithCode(db, { challenge, destination, tenantId, code }, proof);

  it('goes to the verified address, and proves the account, whatever the case of the name', async () => {
    const username = newName();
    const user = await add({ username, phone: '+41795551001', phoneVerified: true });
    const byMail = await ask(` ${username.toUpperCase()} `);
    assert.deepEqual(
      (await deliverAll()).map(({ to, channel }) => [to, channel]),
      [[user.email, 'email']],
    );
    const { accounts, amr } = await signIn(byMail);
    assert.deepEqual([accounts.map(({ userId }) => userId), amr], [[user.id], ['otp']]);
    await assert.rejects(signIn(byMail), { code: 'CODE_EXPIRED' }, 'once');

    await db('otp_codes').delete();
    const byPhone = await ask(username, { channel: 'sms' });
    assert.equal((await deliverAll()).at(-1)?.to, user.phone);
    assert.deepEqual((await signIn(byPhone)).amr, ['otp', 'sms']);
    const [kept] = await db('otp_codes').where({ destination: byPhone.destination }).select('reached', 'prefix');
    assert.deepEqual(kept, { reached: user.phone, prefix: '+41795' });
  });

  it('is taken where the tenant takes usernames alone, and nowhere without a tenant', async () => {
    const username = newName();
    await add({ username });
    await assert.rejects(ask(username, { tenantId: null }), { code: 'EMAIL_INVALID' });
    await updateTenantSettings(db, school, { usernames: false }, systemCaller);
    await assert.rejects(ask(username), { code: 'EMAIL_INVALID' });
    await updateTenantSettings(db, school, { usernames: true }, systemCaller);
    const asked = await ask(username);
    await updateTenantSettings(db, school, { usernames: false }, systemCaller);
    assert.deepEqual(await deliverAll(), []);
    await assert.rejects(signIn(asked), refused);
    await updateTenantSettings(db, school, { usernames: true }, systemCaller);
  });

  it('goes to nobody without a verified address, and answers as ever', async () => {
    const [nobody, bare, unverified] = [newName(), newName(), newName()];
    await add({ username: bare, email: undefined, emailVerified: false });
    await add({ username: unverified, emailVerified: false });
    for (const name of [nobody, bare, unverified]) {
      const asked = await ask(name);
      assert.equal(asked.resendInSeconds, 30);
      assert.deepEqual(await deliverAll(), []);
      await assert.rejects(signIn(asked), refused, name);
      await assert.rejects(ask(name), { code: 'TOO_MANY_CODES' });
    }
  });

  it('is worth nothing where the address was given to the account, or verified, after it was asked for', async () => {
    const username = newName();
    const user = await add({ username, emailVerified: false });
    const early = await ask(username);
    await db('users').where({ id: user.id }).update({ emailVerifiedAt: db.fn.now() });
    assert.deepEqual(await deliverAll(), []);
    await assert.rejects(signIn(early), refused);

    await db('otp_codes').delete();
    const sent = await ask(username);
    assert.equal((await deliverAll()).length, 1);
    await db('users').where({ id: user.id }).update({ email: 'another@example.test', emailVerifiedAt: db.fn.now() });
    await assert.rejects(signIn(sent), refused);
    // Nor where it is said to have been verified long ago: the code went elsewhere.
    await rows(db, `update users set email_verified_at = now() - interval '1 day' where id = :id`, { id: user.id });
    await assert.rejects(signIn(sent), refused);
    await db('users').where({ id: user.id }).update({ email: user.email });
    assert.equal((await signIn(sent)).accounts[0]?.userId, user.id);
  });

  it('proves nobody else who is given the name, even with the address', async () => {
    const username = newName();
    const first = await add({ username });
    const second = await add();
    const asked = await ask(username);
    await deliverAll();
    await db('users').where({ id: first.id }).update({ username: null, email: 'gone@example.test' });
    await db('users').where({ id: second.id }).update({ username, email: first.email });
    await assert.rejects(signIn(asked), refused);
    assert.equal(
      (await db('audit_events').where({ action: 'login.failed' }).orderBy('id', 'desc').first()).payload.reason,
      'wrong_code',
    );
  });

  it('does the same statements for a name that nobody has', async () => {
    const known = newName();
    await add({ username: known });
    const statementsOf = async (name: string) => {
      const seen: string[] = [];
      const listen = ({ sql }: { sql: string }) => seen.push(sql);
      db.on('query', listen);
      const asked = await ask(name);
      await signIn({ ...asked, code: otherThan(asked.code) }).catch(() => undefined);
      db.removeListener('query', listen);
      return seen;
    };
    const [ofKnown, ofNobody] = [await statementsOf(known), await statementsOf(newName())];
    assert.ok(ofKnown.length > 5);
    assert.deepEqual(ofKnown, ofNobody);
  });

  it('counts wrong codes over the name and the address, within the tenant', async () => {
    const username = newName();
    const user = await add({ username });
    const elsewhere = (await createTenant(db, { settings: { usernames: true } })).id;
    await createUser(db, { tenantId: elsewhere, username });
    for (let round = 0; round < 2; round += 1) {
      const asked = await ask(username);
      for (let step = 1; step <= 5; step += 1)
        await assert.rejects(signIn({ ...asked, code: otherThan(asked.code, step) }));
      await db('sign_in_failures').delete();
      await letPass(db, asked.destination, '10 minutes');
    }
    await assert.rejects(signIn(await ask(username)), { code: 'TOO_MANY_ATTEMPTS' });
    // By the address the right code is refused as a wrong one: that it is counted is told to nobody.
    const byAddress = await ask(user.email as string);
    await deliverAll();
    await assert.rejects(signIn(byAddress), refused);
    const namesake = await ask(username, { tenantId: elsewhere });
    await deliverAll();
    assert.equal((await signIn(namesake)).accounts[0]?.tenantId, elsewhere);
  });

  it('counts messages over the name and the address, and says nothing of it', async () => {
    const username = newName();
    const user = await add({ username });
    const email = user.email as string;
    let reached = 0;
    for (let n = 0; n < 5; n += 1) {
      for (const address of [email, username]) {
        const { destination } = await ask(address);
        reached += (await deliverAll()).length;
        await rows(db, `delete from graphile_worker._private_jobs`);
        await letPass(db, destination, '6 minutes');
      }
    }
    // Of the ten of a day, three are kept for the person's own browsers and for recovery.
    assert.equal(reached, 7);
    for (const address of [username, email]) {
      assert.equal((await ask(address)).resendInSeconds, 300);
      assert.deepEqual(await deliverAll(), []);
    }
  });

  it('lets the eighth of many at once go nowhere', async () => {
    const username = newName();
    const user = await add({ username });
    const send = async (address: string) => {
      const { destination } = await ask(address);
      // Only the waits are over.
      await letPass(db, destination, '6 minutes');
    };
    for (let n = 0; n < 6; n += 1) await send(username);
    for (let n = 0; n < 6; n += 1) await send(user.email as string);
    await db('otp_codes').update({ expiresAt: new Date(Date.now() + 60_000) });
    const jobs = await rows<{ payload: unknown }>(db, 'select payload from graphile_worker._private_jobs');
    await Promise.all(
      jobs.map(({ payload }) => deliverCode(payload, { db, secrets, messenger, issuer, phoneCountries })),
    );
    const byName = await db('otp_codes').whereNotNull('reached');
    assert.ok(byName.length <= 1, `${byName.length} by the name beside six by the address`);
  });

  describe('and a recovery link', () => {
    const recover = async (address: string, tenantId: string | null = school) => {
      await requestRecovery(db, { tenantId, address, channel: 'email', locale: 'en' }, request);
      const [message] = await deliverAll();
      await rows(db, `delete from graphile_worker._private_jobs`);
      return (message as OutgoingMessage<'recovery'> | undefined)?.model.href.split('/').at(-1);
    };
    const reset = (token: string, userId: string) =>
      resetPassword(db, { token, userId, password: 'lantern orbit velvet' }, { ...proof, passwords });

    it('goes to the verified address, works once, and ends the links of name and address', async () => {
      const username = newName();
      const user = await add({ username });
      const token = (await recover(username)) as string;
      const another = (await recover(user.email as string)) as string;
      assert.deepEqual(
        (await findRecovery(db, token)).accounts.map(({ userId }) => userId),
        [user.id],
      );
      await reset(token, user.id);
      for (const spent of [token, another])
        await assert.rejects(reset(spent, user.id), { code: 'RECOVERY_LINK_INVALID' });
    });

    it('goes to nobody else, and is worth nothing once the address is another', async () => {
      const [bare, username] = [newName(), newName()];
      await add({ username: bare, email: undefined, emailVerified: false });
      assert.equal(await recover(bare), undefined);
      assert.equal(await recover(newName()), undefined);
      await assert.rejects(recover(username, null), { code: 'EMAIL_INVALID' });
      const user = await add({ username });
      const token = (await recover(username)) as string;
      await rows(
        db,
        `update users set email = 'moved@example.test', email_verified_at = now() - interval '1 day' where id = :id`,
        { id: user.id },
      );
      await assert.rejects(findRecovery(db, token), { code: 'RECOVERY_LINK_INVALID' });
      await assert.rejects(reset(token, user.id), { code: 'RECOVERY_LINK_INVALID' });
    });
  });
});
