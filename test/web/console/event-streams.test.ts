import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { securityEventUris } from '../../../src/domain/event-streams/security-events.ts';
import { createStream } from '../../../src/domain/event-streams/streams.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Browserless } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';

describe('the console: event streams', () => {
  let app: TestApp;
  let receiver: Server;
  let url: string;
  let tenantId: string;
  let browser: Browserless;

  before(async () => {
    app = await startTestApp({ runJobs: true });
    // As RFC 8935 section 2.2 has it.
    receiver = createServer((req, res) => {
      req.resume().on('end', () => res.writeHead(202).end());
    });
    await once(receiver.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/events`;
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    const owner = await app.person({ tenantId });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
  });
  after(async () => {
    await app?.stop();
    receiver?.close();
  });

  const at = (path = '', slug = 'here') => `${app.issuer}/console/${slug}/event-streams${path}`;
  const does = async (path: string, values: Record<string, string> = {}) =>
    browser.submit(await browser.open(at(path)), values, { form: 1 });

  it('are made, verified, looked through, changed, paused, switched off and removed', async () => {
    assert.match((await browser.open(at())).body, /No event streams/);
    const asked = { description: 'Timetable', endpoint_url: url, authorization_header: 'Bearer hidden-word' };
    const events = Object.fromEntries(securityEventUris.map((uri) => [`events_requested:${uri}`, 'yes']));
    const made = await does('/new', { ...asked, ...events });
    assert.match(made.body, /The stream is there[\s\S]*Timetable[\s\S]*Pushed to an address[\s\S]*Is sent/);
    assert.doesNotMatch(made.body, /hidden-word/);
    const [, path = ''] = /event-streams(\/[0-9a-f-]{36})/.exec(made.url) ?? [];
    assert.match((await browser.open(at())).body, /Timetable[\s\S]*Works[\s\S]*Pushed/);

    assert.match((await does(`${path}/verify`)).body, /A verification is on its way/);
    const page = await eventually(async () => {
      const { body } = await browser.open(at(path));
      return /A verification <span[\s\S]*Delivered<\/span>[\s\S]*202/.test(body) && body;
    });
    assert.match(page, /Last verification/);
    assert.match((await browser.open(at(`${path}?state=waiting`))).body, /Nothing fits|Nothing/);

    const edited = await does(`${path}/edit`, { ...asked, description: 'Rota', authorization_header: '', ...events });
    assert.match(edited.body, /Saved\.[\s\S]*Rota[\s\S]*Is sent/);
    assert.match((await does(`${path}/pause`)).body, /Paused[\s\S]*Nothing is told/);
    await eventually(async () => /Its state changed[\s\S]*Delivered/.test((await browser.open(at(path))).body));
    assert.match((await browser.open(at(`${path}/verify`))).body, /role="alert"/);
    assert.match((await does(`${path}/disable`)).body, /Switched off/);
    assert.match((await does(`${path}/enable`)).body, /told again/);
    assert.match((await does(`${path}/delete`, { typed: 'Rota' })).body, /is removed[\s\S]*No event streams/);
  });

  it('that are polled have no address to change, and say what waits', async () => {
    const how = { secrets: app.secrets, allowHttp: true, caller: systemCaller };
    const wish = { method: 'poll', endpointUrl: null, eventsRequested: [], description: 'Fetches' } as const;
    const { id } = await createStream(app.db, { tenantId, clientId: null, ...wish }, how);
    const form = await browser.open(at(`/${id}/edit`));
    assert.doesNotMatch(form.body, /endpoint_url|authorization_header/);
    assert.match((await does(`/${id}/verify`)).body, /Fetched by the service/);
    await eventually(async () => /A verification[\s\S]*Waiting/.test((await browser.open(at(`/${id}`))).body));
  });

  it('are not for a delegate, and one of another tenant is not there', async () => {
    const how = { secrets: app.secrets, allowHttp: true, caller: systemCaller };
    const wish = { method: 'poll', endpointUrl: null, eventsRequested: [], description: 'Ours' } as const;
    const { id } = await createStream(app.db, { tenantId, clientId: null, ...wish }, how);
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'events.receive'] });
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const theirs = await signInToConsole(app, delegate);
    assert.ok(!(await theirs.open(`${app.issuer}/console/here/people`)).body.includes('/console/here/event-streams"'));
    for (const path of ['', '/new', `/${id}`, `/${id}/edit`, `/${id}/verify`, `/${id}/delete`])
      assert.ok([403, 404].includes((await theirs.open(at(path))).status), path);

    const elsewhere = await app.tenant({ slug: 'elsewhere' });
    const stranger = await app.person({ tenantId: elsewhere.id });
    await give(app, { tenantId: elsewhere.id, userId: stranger.id, role: 'owner' });
    const far = await signInToConsole(app, stranger);
    for (const path of [`/${id}`, `/${id}/edit`, `/${id}/verify`, `/${id}/pause`, `/${id}/delete`])
      assert.equal((await far.open(at(path, 'elsewhere'))).status, 404, path);
  });
});
