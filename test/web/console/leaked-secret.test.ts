import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { openBrowser, type TestBrowser } from '../../support/browser.ts';
import { eventually } from '../../support/eventually.ts';
import { freePort } from '../../support/free-port.ts';
import { give } from '../../support/management.ts';
import { accessibilityFaults } from '../../support/page-checks.ts';
import { environmentOf, type ServerProcess, startServerProcess } from '../../support/server-process.ts';

const redirectUri = 'https://portal.example/callback';

/** The whole job, in a browser: from the application's page to the secret that is refused at another process. */
describe('a secret leaks', () => {
  let app: TestApp;
  let other: ServerProcess;
  let browser: TestBrowser;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let portal: { clientId: string; clientSecret: string };

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    app = await startTestApp();
    const tenant = await app.tenant({ slug: 'here', name: 'Here' });
    owner = await app.person({ tenantId: tenant.id, fullName: 'Olive Owner' });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    portal = await app.relyingParty({ tenantId: tenant.id, name: 'Portal', redirectUris: [redirectUri] });
    for (const name of ['Gradebook', 'Timetable']) await app.relyingParty({ tenantId: tenant.id, name });
    other = startServerProcess(environmentOf(app, await freePort()));
    await other.ready();
  });

  after(async () => {
    await browser?.close();
    await other?.stop();
    await app?.stop();
  });

  /** What the other process says to a code that is none: `invalid_grant` where the secret is taken. */
  async function isTaken(secret: string): Promise<boolean> {
    const answer = await fetch(`${other.origin}/token`, {
      method: 'POST',
      headers: { authorization: `Basic ${Buffer.from(`${portal.clientId}:${secret}`).toString('base64')}` },
      body: new URLSearchParams({ grant_type: 'authorization_code', code: 'none', redirect_uri: redirectUri }),
    });
    const { error } = (await answer.json()) as { error: string };
    assert.match(error, /^invalid_(grant|client)$/);
    return error === 'invalid_grant';
  }

  async function atApplications(): Promise<Page> {
    const page = await browser.newPage();
    page.setDefaultTimeout(60_000);
    await page.goto(`${app.issuer}/console/here/applications`);
    await page.fill('#login', owner.email);
    await page.fill('#password', owner.password);
    await page.click('button[type=submit]');
    await page.waitForURL('**/console/here/applications');
    return page;
  }

  it('is rotated with an overlap, seen to rest, revoked, refused everywhere, and told by the trail', async () => {
    assert.ok(await isTaken(portal.clientSecret), 'the secret works before');
    const page = await atApplications();
    await page.locator('.filter-input').pressSequentially('port');
    await page.waitForSelector('tbody tr:only-child >> text=Portal');
    await page.click('tbody >> text=Portal');
    await page.click('.tab:has-text("Secrets")');
    await page.waitForSelector(`th:has-text("…${portal.clientSecret.slice(-4)}")`);

    await page.click('text=Make a new secret');
    await page.waitForSelector('h1:has-text("A new secret for Portal")');
    await page.selectOption('#overlap_seconds', '14400');
    await page.click('main button[type=submit]');
    await page.waitForSelector('text=The old one goes on until');
    const secret = (await page.textContent('#once-value-client_secret')) as string;
    assert.match(secret, /^ghs_[\w-]{40,}$/);
    assert.deepEqual(await accessibilityFaults(page), []);
    await eventually(() => isTaken(secret), 'the new secret works at the other process');
    assert.ok(await isTaken(portal.clientSecret), 'the old secret works in the overlap');

    await page.click('text=I have copied it');
    const oldRow = page.locator('tbody tr', { hasText: `…${portal.clientSecret.slice(-4)}` });
    await oldRow.locator('text=Goes on until').waitFor();
    assert.doesNotMatch(await oldRow.innerText(), /Never/, 'its last use is shown');
    assert.doesNotMatch(await page.content(), /ghs_/, 'a secret is shown twice');
    await oldRow.locator('text=Revoke').click();
    await page.waitForSelector('text=It was last used');
    await page.waitForSelector('text=1 other secret goes on working');
    await page.click('main button[type=submit]');
    await page.waitForSelector('text=The secret is ended');
    await eventually(
      async () => !(await isTaken(portal.clientSecret)),
      'the old secret is refused at the other process',
    );
    assert.ok(await isTaken(secret), 'the new secret goes on');

    const events = await app
      .db('audit_events')
      .where({ entityId: portal.clientId })
      .whereIn('action', ['client.rotated', 'client.secret_revoked'])
      .orderBy('occurredAt');
    assert.deepEqual(
      events.map(({ action, actorId }: { action: string; actorId: string }) => [action, actorId]),
      [
        ['client.rotated', owner.id],
        ['client.secret_revoked', owner.id],
      ],
    );
    assert.ok(!JSON.stringify(events).includes('ghs_'));
    await page.goto(`${app.issuer}/console/here/audit`);
    await page.locator('#list').getByText('A secret of an application was ended').first().waitFor();
    browser.assertNoFaults();
  });
});
