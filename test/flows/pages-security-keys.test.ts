/** Security keys and passkeys as a second factor in Chromium, with virtual authenticators of several kinds. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { backAtClient, enterPassword, onStage } from '../support/pages.ts';
import type { RelyingParty } from '../support/relying-party.ts';

const kinds = {
  'a key on USB, by a touch': { transport: 'usb', hasUserVerification: false, hasResidentKey: false },
  'a device of its own, which verifies the person': {
    transport: 'internal',
    hasUserVerification: true,
    hasResidentKey: true,
  },
} as const;

describe('security keys in a browser', () => {
  let client: RelyingParty;
  const stage = onStage(async () => {
    client = await stage().client();
  });

  async function addAuthenticator(page: Page, kind: (typeof kinds)[keyof typeof kinds]): Promise<void> {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send('WebAuthn.enable');
    const options = { protocol: 'ctap2', isUserVerified: kind.hasUserVerification, automaticPresenceSimulation: true };
    await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { ...options, ...kind } as never });
  }

  async function openSignIn(page: Page): Promise<void> {
    const { address } = await stage().request(client);
    await page.goto(address.href);
  }

  for (const [name, kind] of Object.entries(kinds))
    it(`are added in the sign-in and asked for at the next: ${name}`, async () => {
      const page = await stage().newPage();
      await addAuthenticator(page, kind);
      const person = await stage().app.person({ mfaRequired: true });
      await openSignIn(page);
      await enterPassword(page, person);
      await page.getByRole('link', { name: 'Use a security key instead' }).click();
      await page.getByLabel('Name').fill('Blue key');
      await page.getByRole('button', { name: 'Add and continue' }).click();
      await page.getByRole('button', { name: 'I have kept them' }).click();
      await backAtClient(page, stage());
      const [row] = await stage().app.db('user_factors').where({ userId: person.id });
      assert.deepEqual([row.kind, row.name, row.transports], ['security_key', 'Blue key', [kind.transport]]);

      await page.context().clearCookies();
      await openSignIn(page);
      await enterPassword(page, person);
      await page.getByRole('button', { name: 'Use security key or passkey' }).click();
      await backAtClient(page, stage());
    });
});
