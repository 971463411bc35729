/** Passkeys in Chromium, with virtual authenticators of several kinds. */
import assert from 'node:assert/strict';
import type { CDPSession, Page } from 'playwright-core';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { changeTenantSettings } from '../../src/domain/methods/tenant-methods.ts';
import { eventually } from '../support/eventually.ts';
import { backAtClient, enterPassword, headingOf, onStage, type Person } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

interface Kind {
  /** Whether its passkeys are synced. */
  isSynced?: boolean;
  /** Whether it verifies the person. */
  isVerified?: boolean;
}

interface VirtualAuthenticator {
  cdp: CDPSession;
  authenticatorId: string;
}

async function addAuthenticator(page: Page, { isSynced = false, isVerified = true }: Kind = {}) {
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: isVerified,
      automaticPresenceSimulation: true,
      defaultBackupEligibility: isSynced,
      defaultBackupState: isSynced,
    },
  });
  return { cdp, authenticatorId };
}

describe('passkeys in a browser', () => {
  let client: RelyingParty;
  let tenantId: string;

  const stage = onStage(async () => {
    client = await stage().client();
    ({ id: tenantId } = await stage().app.tenant());
    const settings = { signInMethods: ['password', 'passkey'], passkeyOffer: false };
    await changeTenantSettings(stage().app.db, tenantId, settings, systemCaller);
  });

  const passkeysOf = ({ id }: Person) => stage().app.db('passkeys').where({ userId: id });

  /** Signed in by password, at the page of the passkeys. */
  async function atPasskeys(page: Page): Promise<Person> {
    const person = await stage().app.person({ tenantId, fullName: 'Anna Larsson' });
    await page.goto(`${stage().app.issuer}/account/passkeys`);
    await enterPassword(page, person);
    await page.waitForURL('**/account/passkeys');
    return person;
  }

  async function add(page: Page, name: string): Promise<void> {
    await page.getByLabel('Name').last().fill(name);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await page.waitForURL('**/account/passkeys?notice=added');
  }

  async function openSignIn(page: Page): Promise<void> {
    const { address } = await stage().request(client);
    await page.goto(address.href);
  }

  /** Conditional mediation picks a passkey by itself where presence is simulated; so a test says when. */
  async function setPresence({ cdp, authenticatorId }: VirtualAuthenticator, enabled: boolean): Promise<void> {
    await cdp.send('WebAuthn.setAutomaticPresenceSimulation', { authenticatorId, enabled });
  }

  for (const isSynced of [true, false])
    it(`are added, and sign in by the button: ${isSynced ? 'synced' : 'of one device'}`, async () => {
      const page = await stage().newPage();
      const authenticator = await addAuthenticator(page, { isSynced });
      const person = await atPasskeys(page);
      await add(page, 'My phone');
      assert.match(
        (await page.locator('.rows').textContent()) ?? '',
        isSynced ? /Synced between/ : /On one device only/,
      );
      const [row] = await passkeysOf(person);
      assert.deepEqual([row.name, row.backupEligible, row.backedUp], ['My phone', isSynced, isSynced]);

      await page.context().clearCookies();
      await setPresence(authenticator, false);
      await openSignIn(page);
      assert.equal(await page.getByLabel('Email address').getAttribute('autocomplete'), 'username webauthn');
      await setPresence(authenticator, true);
      // The browser may have chosen by itself by now.
      await page
        .getByRole('button', { name: 'Use a passkey' })
        .click()
        .catch(() => undefined);
      await backAtClient(page, stage());
      const sessions = await stage().app.db('user_sessions').where({ userId: person.id }).orderBy('loginAt');
      assert.deepEqual(sessions.at(-1)?.amr, [isSynced ? 'swk' : 'hwk', 'user', 'mfa']);
    });

  it('are filled in by the browser on the sign-in page, without a name', async () => {
    const page = await stage().newPage();
    await addAuthenticator(page, { isSynced: true });
    const person = await atPasskeys(page);
    await add(page, 'My phone');
    await page.context().clearCookies();
    await openSignIn(page);
    await backAtClient(page, stage());
    const sessions = await stage().app.db('user_sessions').where({ userId: person.id });
    assert.equal(sessions.length, 2);
  });

  it('are not added, nor sign in, where the authenticator does not verify the person', async () => {
    const page = await stage().newPage();
    const authenticator = await addAuthenticator(page, { isVerified: false });
    const person = await atPasskeys(page);
    await page.getByRole('button', { name: 'Add a passkey' }).click();
    await eventually(async () => {
      assert.equal(await page.getByText('No passkey was made. You can try again.').count(), 1);
      return true;
    });
    assert.equal((await passkeysOf(person)).length, 0);
    const { cdp, authenticatorId } = authenticator;
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: true });
    await page.reload();
    await add(page, 'My phone');
    await cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified: false });
    await page.context().clearCookies();
    await openSignIn(page);
    await page.getByRole('button', { name: 'Use a passkey' }).click();
    await eventually(async () => {
      assert.equal(await page.getByText(/No passkey was used/).count(), 1);
      return true;
    });
    assert.equal(await headingOf(page), 'Sign in');
  });

  it('are renamed and removed', async () => {
    const page = await stage().newPage();
    await addAuthenticator(page);
    const person = await atPasskeys(page);
    await add(page, 'My phone');
    await page.getByLabel('Name').first().fill('Work laptop');
    await page.getByRole('button', { name: 'Save name: My phone' }).click();
    await page.waitForURL('**/account/passkeys?notice=renamed');
    await page.getByRole('button', { name: 'Remove Work laptop' }).click();
    await page.waitForURL('**/account/passkeys?notice=removed');
    assert.equal((await passkeysOf(person)).length, 0);
    const events = await stage()
      .app.db('audit_events')
      .where({ entityId: person.id })
      .where('action', 'like', 'passkey.%')
      .orderBy('id')
      .pluck('action');
    assert.deepEqual(events, ['passkey.added', 'passkey.renamed', 'passkey.removed']);
  });

  /** What the page tells the browser's list of passkeys. */
  interface Told {
    signal: string;
    rpId: string;
    userId?: string;
    credentialId?: string;
    allAcceptedCredentialIds?: string[];
    displayName?: string;
  }

  /** Keeps what is told, in the place of the browser's own list. */
  async function listening(page: Page): Promise<Told[]> {
    const heard: Told[] = [];
    await page.exposeFunction('heardSignal', (told: Told) => void heard.push(told));
    await page.addInitScript(() => {
      const names = ['signalAllAcceptedCredentials', 'signalUnknownCredential', 'signalCurrentUserDetails'];
      const { PublicKeyCredential: list, heardSignal } = globalThis as unknown as {
        PublicKeyCredential: Record<string, unknown>;
        heardSignal: (told: object) => void;
      };
      for (const name of names)
        list[name] = async (told: object) => {
          heardSignal({ ...told, signal: name });
        };
    });
    return heard;
  }

  it('that are removed go from the browser’s own list, there and then or when it offers one', async () => {
    const page = await stage().newPage({ statuses: [401] });
    const heard = await listening(page);
    const authenticator = await addAuthenticator(page);
    const person = await atPasskeys(page);
    await add(page, 'My phone');
    const [row] = await passkeysOf(person);
    const id = row.credentialId.toString('base64url');
    const newest = (name: string) => heard.findLast((told) => told.signal === name);
    await eventually(() => newest('signalAllAcceptedCredentials')?.allAcceptedCredentialIds?.includes(id));
    const details = await eventually(() => newest('signalCurrentUserDetails'));
    assert.equal(details.displayName, 'Anna Larsson');
    assert.equal(Buffer.from(String(details.userId), 'base64url').toString('hex'), person.id.replaceAll('-', ''));
    assert.equal(details.rpId, new URL(stage().app.issuer).hostname);
    await page.getByRole('button', { name: 'Remove My phone' }).click();
    await page.waitForURL('**/account/passkeys?notice=removed');
    await eventually(() => newest('signalAllAcceptedCredentials')?.allAcceptedCredentialIds?.length === 0);

    // Another browser offers it still: it is told once it does.
    assert.equal(newest('signalUnknownCredential'), undefined);
    await page.context().clearCookies();
    await openSignIn(page);
    const told = await eventually(() => newest('signalUnknownCredential'));
    assert.equal(told.credentialId, id);
    await setPresence(authenticator, false);
  });

  describe('offered after a password', () => {
    let offering: string;
    before(async () => {
      ({ id: offering } = await stage().app.tenant());
      await changeTenantSettings(stage().app.db, offering, { signInMethods: ['password', 'passkey'] }, systemCaller);
    });

    const offersOf = ({ id }: Person) => stage().app.db('passkey_offers').where({ userId: id });

    /** As far as the password leads. */
    async function withPassword(page: Page, person?: Person): Promise<Person> {
      const whose = person ?? (await stage().app.person({ tenantId: offering, fullName: 'Anna Larsson' }));
      await openSignIn(page);
      await eventually(async () => (await page.context().cookies()).some(({ name }) => name === 'gh_passkeys'));
      await enterPassword(page, whose);
      return whose;
    }

    it('are made there, and the sign-in goes on', async () => {
      const page = await stage().newPage();
      await addAuthenticator(page);
      const person = await withPassword(page);
      await page.getByRole('button', { name: 'Create a passkey' }).click();
      await backAtClient(page, stage());
      assert.equal((await passkeysOf(person)).length, 1);
      const [session] = await stage().app.db('user_sessions').where({ userId: person.id });
      assert.deepEqual(session.amr, ['pwd'], 'the sign-in is what it was');
    });

    it('once: who says no is not asked again', async () => {
      const page = await stage().newPage();
      await addAuthenticator(page);
      const person = await withPassword(page);
      assert.equal(await headingOf(page), 'Sign in faster next time');
      await page.reload();
      await page.getByRole('button', { name: 'Not now' }).click();
      await backAtClient(page, stage());
      assert.equal((await passkeysOf(person)).length, 0);
      assert.equal((await offersOf(person)).length, 1);
      await page.context().clearCookies();
      await withPassword(page, person);
      await backAtClient(page, stage());
    });

    it('not where the tenant does not want it', async () => {
      const page = await stage().newPage();
      await addAuthenticator(page);
      const person = await withPassword(page, await stage().app.person({ tenantId }));
      await backAtClient(page, stage());
      assert.equal((await offersOf(person)).length, 0);
    });
  });

  it('show nothing without scripts', async () => {
    const page = await stage().newPage({ javaScriptEnabled: false });
    await openSignIn(page);
    assert.equal(await page.getByRole('button', { name: 'Use a passkey' }).isVisible(), false);
    assert.equal(await page.getByRole('button', { name: 'Sign in' }).isVisible(), true);
  });
});
