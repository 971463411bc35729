/** What stays: the last way to sign in, however it is taken away, and how many passkeys one may have. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { unlinkIdentity } from '../../src/domain/methods/federation/identities.ts';
import { signInMethods } from '../../src/domain/methods/methods.ts';
import { addPasskey, passkeyToAdd } from '../../src/domain/methods/passkey/add-passkey.ts';
import { removePasskey } from '../../src/domain/methods/passkey/passkeys.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Authenticator, makePasskey } from '../support/authenticator.ts';
import { Browserless } from '../support/browserless.ts';
import { addProvider } from '../support/federation.ts';

const issuer = 'https://accounts.google.com';

describe('the passkeys that a person takes away', () => {
  let app: TestApp;
  let tenantId: string;
  before(async () => {
    app = await startTestApp({ runJobs: false });
    ({ id: tenantId } = await app.tenant());
    await addProvider(app, { key: 'google', clientId: 'c', clientSecret: 'a secret of the provider' });
    await changeTenantSettings(app.db, tenantId, { signInMethods: ['passkey', 'google'] }, systemCaller);
  });
  after(() => app?.stop());

  const server = {
    methods: signInMethods,
    channels: [],
    phoneCountries: [],
    providers: [{ key: 'google', issuer }],
    caller: systemCaller,
  };
  const remove = (userId: string, id: string) =>
    removePasskey(app.db, { tenantId, userId, id, lastWay: false, endSessions: false }, server);
  const waysOf = async (userId: string) => ({
    passkeys: (await app.db('passkeys').where({ userId })).length,
    identities: (await app.db('user_identities').where({ userId, provider: 'google' })).length,
  });

  async function linked(userId: string): Promise<void> {
    await app.db('user_identities').insert({
      ...{ id: newId(), tenantId, userId, provider: 'google', issuer, subject: userId },
    });
  }

  it('leave the last one, of fifty that are taken away at once', async () => {
    const { id: userId } = await app.person({ tenantId });
    const ids: string[] = [];
    for (let n = 0; n < 5; n++) ids.push(await makePasskey(app.db, { tenantId, userId }));
    const all = await Promise.allSettled(Array.from({ length: 50 }, (_, n) => remove(userId, ids[n % 5] as string)));
    const refused = all.filter((each) => each.status === 'rejected').map(({ reason }) => reason.code);
    assert.ok(refused.length > 0);
    assert.deepEqual([...new Set(refused)], ['PASSKEY_LAST_WAY']);
    assert.equal((await waysOf(userId)).passkeys, 1);
    const events = await app.db('audit_events').where({ entityId: userId, action: 'passkey.removed' });
    assert.equal(events.length, 4);
  });

  it('leave one of a passkey and an account elsewhere, both taken away at once', async () => {
    for (let round = 0; round < 10; round++) {
      const { id: userId } = await app.person({ tenantId });
      const id = await makePasskey(app.db, { tenantId, userId });
      await linked(userId);
      const both = await Promise.allSettled([
        remove(userId, id),
        unlinkIdentity(app.db, { tenantId, userId, provider: 'google' }, server),
      ]);
      assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1, JSON.stringify(both));
      const { passkeys, identities } = await waysOf(userId);
      assert.equal(passkeys + identities, 1);
    }
  });

  it('are shown as the only way on the page, which refuses to take it away', async () => {
    const { id: userId, email, password } = await app.person({ tenantId });
    const key = new Authenticator(userId);
    const id = await makePasskey(app.db, { tenantId, userId }, key);
    assert.ok(email && password);
    const browser = new Browserless();
    const { slug } = await app.db('tenants').where({ id: tenantId }).first('slug');
    const form = await browser.open(`${app.issuer}/account/passkeys?tenant=${slug}`);
    const challenge = /data-challenge="([^"]+)"/.exec(form.body)?.[1] as string;
    const action = /<form class="passkey"[^>]* action="([^"]+)"/.exec(form.body)?.[1] as string;
    const credential = key.sign({ challenge, origin: app.issuer });
    let page = await browser.send(new URL(action, app.issuer).href, { credential });
    if (page.status === 303) page = await browser.open(page.location as string);
    assert.match(page.body, /Your only way to sign in/, page.url);
    const refused = await browser.send(`${app.issuer}/account/passkeys/remove`, { passkey: id });
    assert.equal(refused.status, 409);
    assert.match(refused.body, /This passkey is your only way to sign in/);
    assert.equal((await waysOf(userId)).passkeys, 1);
  });

  it('are twenty at the most, also of thirty that are added at once', async () => {
    const { id: userId } = await app.person({ tenantId });
    for (let n = 0; n < 18; n++) await makePasskey(app.db, { tenantId, userId });
    const place = { tenantId, userId, sessionUidHash: randomBytes(32) };
    const deps = { secrets: app.secrets, issuer: app.issuer, caller: systemCaller };
    const add = async () => {
      const asked = await passkeyToAdd(app.db, { ...place, name: 'a', displayName: 'a' }, { ...deps, partyName: 'a' });
      const answer = new Authenticator(userId).make({ challenge: String(asked.challenge), origin: app.issuer });
      return addPasskey(app.db, { ...place, answer, name: 'One more' }, deps);
    };
    const all = await Promise.allSettled(Array.from({ length: 30 }, add));
    const refused = all.filter((each) => each.status === 'rejected').map(({ reason }) => reason.code);
    assert.equal(refused.length, 28);
    assert.deepEqual([...new Set(refused)], ['PASSKEY_LIMIT']);
    assert.equal((await waysOf(userId)).passkeys, 20);
  });
});
