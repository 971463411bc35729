/** Adding a passkey: what is refused of what a browser could post. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addPasskey, passkeyToAdd } from '../../src/domain/methods/passkey/add-passkey.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Authenticator } from '../support/authenticator.ts';

describe('adding a passkey', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp({ runJobs: false });
  });
  after(() => app?.stop());

  it('takes one that was asked for in this session, once, and no other', async () => {
    const { id: tenantId } = await app.tenant();
    await changeTenantSettings(app.db, tenantId, { signInMethods: ['password', 'passkey'] }, systemCaller);
    const { id: userId } = await app.person({ tenantId });
    const place = { tenantId, userId, sessionUidHash: randomBytes(32) };
    const deps = { secrets: app.secrets, issuer: app.issuer, caller: systemCaller };
    const ask = async (at = place) =>
      String(
        (await passkeyToAdd(app.db, { ...at, name: 'a', displayName: 'a' }, { ...deps, partyName: 'a' })).challenge,
      );
    const add = (answer: string) => addPasskey(app.db, { ...place, answer, name: 'My phone' }, deps);
    const refused = { code: 'PASSKEY_NOT_ADDED' };
    const key = new Authenticator(userId);
    const origin = app.issuer;

    const challenge = await ask();
    const elsewhere = await ask({ ...place, sessionUidHash: randomBytes(32) });
    await assert.rejects(add(key.make({ challenge: elsewhere, origin })), refused, 'of another session');
    await assert.rejects(add(key.make({ challenge, origin: 'https://evil.example' })), refused, 'of another origin');
    await assert.rejects(add(key.make({ challenge, origin, rpId: 'evil.example' })), refused, 'for another party');
    await assert.rejects(add(key.make({ challenge, origin, isVerified: false })), refused, 'of nobody verified');
    await assert.rejects(add(key.make({ challenge, origin }, [Buffer.alloc(40)])), refused, 'with certificates');
    await add(key.make({ challenge, origin }));
    await assert.rejects(add(new Authenticator(userId).make({ challenge, origin })), refused, 'a second time');
    await assert.rejects(add(key.make({ challenge: await ask(), origin })), refused, 'that is there already');
    assert.equal((await app.db('passkeys').where({ userId })).length, 1);
  });
});
