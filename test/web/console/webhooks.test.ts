import assert from 'node:assert/strict';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { choosableTypes } from '../../../src/domain/events/event-types.ts';
import { createWebhook } from '../../../src/domain/webhooks/webhooks.ts';
import { ageSessions } from '../../support/aged-session.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Reply } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';
import { isSignedBy, startWebhookReceiver, type WebhookReceiver } from '../../support/webhook-receiver.ts';

const secretForm = /\bwhsec_[A-Za-z0-9+/]{43}=/;

describe('the console: webhooks', () => {
  let app: TestApp;
  let receiver: WebhookReceiver;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    receiver = await startWebhookReceiver();
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    owner = await app.person({ tenantId });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
  });
  after(async () => {
    await app?.stop();
    await receiver?.close();
  });

  const at = (path = '', slug = 'here') => `${app.issuer}/console/${slug}/webhooks${path}`;
  const secretIn = (page: Reply) =>
    secretForm.exec(page.body.replaceAll('&#43;', '+').replaceAll('&#61;', '='))?.[0] ?? '';

  it('are made, shown once, tried out, looked through, told again, and switched off', async () => {
    const browser = await signInToConsole(app, owner);
    assert.match((await browser.open(at())).body, /No webhooks/);
    const form = await browser.open(at('/new'));
    for (const type of choosableTypes) assert.ok(form.body.includes(`"types:${type}"`), type);
    const refused = await browser.submit(form, { name: 'Timetable', url: 'ftp://x.example/' }, { form: 1 });
    assert.equal(refused.status, 400);
    assert.match(refused.body, /href="#url"[\s\S]*value="Timetable"/);
    const asked = { name: 'Timetable', url: receiver.url, 'types:role.ended': 'yes' };
    const made = await browser.submit(await browser.open(at('/new')), asked, { form: 1 });
    const secret = secretIn(made);
    assert.notEqual(secret, '', made.body);

    const list = await browser.open(at());
    assert.match(list.body, /Timetable[\s\S]*Works[\s\S]*1 type of event/);
    const [, path] = /href="\/console\/here\/webhooks(\/[0-9a-f-]{36})"/.exec(list.body) ?? [];
    const deed = await browser.open(at(`${path}/ping`));
    assert.match(deed.body, /an event of the type “ping”/);
    assert.match((await browser.submit(deed, {}, { form: 1 })).body, /A test is on its way/);
    const ping = await receiver.next('ping');
    assert.ok(isSignedBy(secret, ping));
    const page = await eventually(async () => {
      const { body } = await browser.open(at(path));
      return body.includes('>Delivered</span>') && body;
    });
    assert.match(page, /A test[\s\S]*ping[\s\S]*204/);
    assert.ok(!page.includes(secret));

    const [, one] = /href="\/console\/here\/webhooks(\/[0-9a-f-]{36}\/deliveries\/[0-9a-f-]{36})"/.exec(page) ?? [];
    assert.match((await browser.open(at(one))).body, new RegExp(ping.id));
    const again = await browser.submit(await browser.open(at(`${one}/replay`)), {}, { form: 1 });
    assert.match(again.body, /is sent again/);
    await eventually(() => receiver.received.filter(({ id }) => id === ping.id).length === 2);

    const rotated = await browser.submit(
      await browser.open(at(`${path}/secret`)),
      { overlap_seconds: '3600' },
      { form: 1 },
    );
    assert.notEqual(secretIn(rotated), secret);
    assert.match((await browser.open(at(path))).body, /The secret before signs too/);
    const since = new Date(Date.now() - 3_600_000).toISOString().slice(0, 16);
    const replay = await browser.submit(await browser.open(at(`${path}/replay`)), { since }, { form: 1 });
    assert.match(replay.body, /is sent again/);
    const both = await eventually(() => receiver.received.filter(({ id }) => id === ping.id)[2]);
    assert.ok(isSignedBy(secret, both) && isSignedBy(secretIn(rotated), both));

    const renamed = await browser.submit(await browser.open(at(`${path}/edit`)), { name: 'Rota' }, { form: 1 });
    assert.match(renamed.body, /Saved\.[\s\S]*Rota[\s\S]*role\.ended/);
    assert.match((await browser.submit(await browser.open(at(`${path}/pause`)), {}, { form: 1 })).body, /Paused/);
    assert.match(
      (await browser.submit(await browser.open(at(`${path}/disable`)), {}, { form: 1 })).body,
      /Switched off/,
    );
    assert.match((await browser.open(at(`${path}/ping`))).body, /Switch it on first/);
    assert.match((await browser.submit(await browser.open(at(`${path}/enable`)), {}, { form: 1 })).body, /told again/);
    const gone = await browser.submit(await browser.open(at(`${path}/delete`)), { typed: 'Rota' }, { form: 1 });
    assert.match(gone.body, /is removed[\s\S]*No webhooks/);
  });

  it('are not made by who found a browser open', async () => {
    const browser = await signInToConsole(app, owner);
    const form = await browser.open(at('/new'));
    await ageSessions(app, owner.id, 3600);
    const stale = await browser.submit(form, { name: 'Stale', url: receiver.url }, { form: 1 });
    assert.match(stale.body, /Sign in once more/);
    assert.equal(secretIn(stale), '');
  });

  it('are not for a delegate, and one of another tenant is not there', async () => {
    const how = { secrets: app.secrets, allowHttp: true, caller: systemCaller };
    const { id } = await createWebhook(app.db, { tenantId, name: 'Ours', url: receiver.url, types: [] }, how);
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'webhooks.manage'] });
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const theirs = await signInToConsole(app, delegate);
    assert.ok(!(await theirs.open(`${app.issuer}/console/here/people`)).body.includes('/console/here/webhooks"'));
    for (const path of ['', '/new', `/${id}`, `/${id}/delete`])
      assert.ok([403, 404].includes((await theirs.open(at(path))).status), path);

    const elsewhere = await app.tenant({ slug: 'elsewhere' });
    const stranger = await app.person({ tenantId: elsewhere.id });
    await give(app, { tenantId: elsewhere.id, userId: stranger.id, role: 'owner' });
    const far = await signInToConsole(app, stranger);
    for (const path of [`/${id}`, `/${id}/edit`, `/${id}/secret`, `/${id}/ping`, `/${id}/delete`])
      assert.equal((await far.open(at(path, 'elsewhere'))).status, 404, path);
  });
});
