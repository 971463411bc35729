import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { setFirstPlatformTenant } from '../../../src/domain/tenants/platform-tenant.ts';
import { createI18n } from '../../../src/platform/i18n.ts';
import { createViews } from '../../../src/web/pages/views.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { signInToConsole } from '../../support/console.ts';
import * as make from '../../support/factories.ts';
import { askAsService, give } from '../../support/management.ts';
import { pageSamples, samplePage } from '../../support/page-samples.ts';

const directory = fileURLToPath(new URL('../../../views', import.meta.url));

type Person = Awaited<ReturnType<TestApp['person']>>;

describe('the console: health', () => {
  let app: TestApp;
  let platformId: string;
  let operator: Person;
  /** A mail server that refuses everybody, and how often it was asked. */
  let asked = 0;
  const mail = createServer((socket) => {
    asked += 1;
    socket.on('error', () => undefined).end('554 5.7.1 canary-of-the-server you are not welcome\r\n');
  });

  before(async () => {
    mail.listen(0, '127.0.0.1');
    await once(mail, 'listening');
    const { port } = mail.address() as AddressInfo;
    app = await startTestApp({
      env: { SMTP_URL: `smtp://canary-user:canary-password@127.0.0.1:${port}`, MAIL_FROM: 'Us <us@example.test>' },
      runJobs: false,
    });
    const platform = await app.tenant({ slug: 'platform', name: 'Platform' });
    platformId = platform.id;
    await app.db.transaction((trx) => setFirstPlatformTenant(trx, platformId, systemCaller));
    operator = await app.person({ tenantId: platformId });
    await give(app, { tenantId: platformId, userId: operator.id, role: 'owner' });
  });
  after(async () => {
    await app?.stop();
    mail.close();
  });

  const at = (slug = 'platform') => `${app.issuer}/console/${slug}/health`;

  it('says what is wrong and what to do, in both languages, and what is well', async () => {
    const browser = await signInToConsole(app, operator);
    const page = await browser.open(at());
    assert.equal(page.status, 200);
    assert.match(
      page.body,
      /Mail server[\s\S]*Does not work[\s\S]*127\.0\.0\.1:\d+[\s\S]*What is well[\s\S]*Signing keys/,
    );
    assert.doesNotMatch(page.body, /All is well/);
    const french = await browser.open(`${at()}?lang=fr`);
    assert.match(french.body, /Serveur de courrier[\s\S]*Ne fonctionne pas/);
  });

  it('shows no secret', async () => {
    const browser = await signInToConsole(app, operator);
    const { body } = await browser.open(at());
    for (const secret of ['canary-password', 'canary-user', app.config.secretKeys[0] as string, app.databaseUrl])
      assert.ok(!body.includes(secret), secret);
  });

  it('looks once, however many ask', async () => {
    const browser = await signInToConsole(app, operator);
    await browser.open(at());
    const before = asked;
    const began = performance.now();
    const pages = await Promise.all(Array.from({ length: 8 }, () => browser.send(at())));
    assert.ok(pages.every(({ status }) => status === 200));
    // Once for each time that what was found became old meanwhile, on a machine that is slow.
    assert.ok(asked - before <= Math.ceil((performance.now() - began) / 15_000), `${asked - before} looks`);
  });

  it('says that all is well where nothing is wrong', () => {
    const sample = pageSamples('https://id.example').find(({ name }) => name === 'console-health-well');
    assert.ok(sample);
    const views = createViews({
      directory,
      i18n: createI18n(join(directory, 'locales')),
      assetUrl: String,
      cache: false,
    });
    const html = views.render(sample.view, samplePage('https://id.example'), sample.model);
    assert.match(html, /All is well[\s\S]*What is well/);
    assert.doesNotMatch(html, /Worth a look|Does not work/);
  });

  it('is not there for an owner of another tenant, nor for a delegate of the platform', async () => {
    const role = await make.createRole(app.db, { tenantId: platformId, capabilities: ['users.read', 'org.read'] });
    const north = await make.createNode(app.db, { tenantId: platformId, name: 'North' });
    const delegate = await app.person({ tenantId: platformId });
    await make.assign(app.db, { tenantId: platformId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const other = await app.tenant({ slug: 'other', name: 'Other School' });
    const owner = await app.person({ tenantId: other.id });
    await give(app, { tenantId: other.id, userId: owner.id, role: 'owner' });
    for (const [person, slug] of [
      [delegate, 'platform'],
      [owner, 'other'],
      [owner, 'platform'],
    ] as const) {
      const browser = await signInToConsole(app, person);
      assert.doesNotMatch((await browser.open(`${app.issuer}/console`)).body, /href="[^"]*\/health"/);
      const refused = await browser.open(at(slug));
      assert.equal(refused.status, 404);
      assert.doesNotMatch(refused.body, /127\.0\.0\.1/);
    }
  });

  it('is an operation for a service of the platform that runs the tenants, and for no other', async () => {
    const ask = await askAsService(app, { tenantId: platformId, capabilities: ['tenants.manage'] });
    const { status, body } = await ask('GET', '/installation/checks');
    assert.equal(status, 200);
    assert.equal(body.status, 'fail');
    const found = (body.items as { name: string; status: string; advice: string | null }[]).find(
      ({ name }) => name === 'mail',
    );
    assert.ok(found?.advice);
    const lesser = await askAsService(app, { tenantId: platformId, capabilities: ['users.read', 'keys.manage'] });
    assert.equal((await lesser('GET', '/installation/checks')).status, 403);
  });
});
