import assert from 'node:assert/strict';
import { recordEvent, systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { sealAudit } from '../../../src/domain/seals/seal-events.ts';
import { readWitnessedSeals } from '../../../src/domain/seals/witnessed-seals.ts';
import { revokeAllSessions } from '../../../src/domain/sessions/sessions.ts';
import { startTestApp, type TestApp } from '../../support/app.ts';
import type { Browserless } from '../../support/browserless.ts';
import { signInToConsole } from '../../support/console.ts';
import { listen } from '../../support/event-stream.ts';
import { eventually } from '../../support/eventually.ts';
import * as make from '../../support/factories.ts';
import { give } from '../../support/management.ts';
import { addEvent, someHour } from '../../support/trail.ts';

describe('the console: the audit trail', () => {
  let app: TestApp;
  let tenantId: string;
  let owner: Awaited<ReturnType<TestApp['person']>>;
  let browser: Browserless;

  before(async () => {
    app = await startTestApp();
    tenantId = (await app.tenant({ slug: 'here', name: 'Here' })).id;
    owner = await app.person({ tenantId, fullName: 'Olive Owner' });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    browser = await signInToConsole(app, owner);
  });
  after(() => app?.stop());

  const cookiesOf = ({ cookies }: Browserless) => cookies.map(({ name, value }) => `${name}=${value}`).join('; ');
  const at = (path: string) => `${app.issuer}/console/here/audit${path}`;
  const actionsAt = async (query: string) =>
    [...(await browser.open(at(query))).body.matchAll(/row-note">([a-z_]+\.[a-z_.]+)</g)].map(([, action]) => action);

  it('says in words what happened, by whom and about whom, with the technical name beside', async () => {
    const anna = await app.person({ tenantId, fullName: 'Anna Audited' });
    await give(app, { tenantId, userId: anna.id, role: 'member' });
    const { body } = await browser.open(at('?action=role.assigned'));
    assert.match(
      body,
      /A role was given[\s\S]{0,120}role\.assigned[\s\S]*?The server[\s\S]*?Anna Audited[\s\S]*?Role at a place/,
    );
    assert.match(body, new RegExp(`href="/console/here/people/${anna.id}"`));
    const signIns = await browser.open(at('?action=login.succeeded'));
    assert.match(signIns.body, /Signed in[\s\S]*?Olive Owner/);
    assert.match(signIns.body, /<time datetime="[^"]+" title="[^"]+">\d+ \w+ \d{4}, \d\d:\d\d:\d\d UTC<\/time>/);
  });

  it('is narrowed by person, request, application and time, which stand in the address and can be dropped', async () => {
    const bert = await app.person({ tenantId, fullName: 'Bert Busy', email: 'bert.busy@example.org' });
    await app.person({ tenantId, fullName: 'Bert Bystander' });
    const by = { type: 'user', id: bert.id, requestId: 'request-of-bert' } as const;
    await recordEvent(app.db, { tenantId, action: 'client.changed', entityType: 'client', entityId: 'portal' }, by);
    const whose = `?person=bert.busy%40example.org`;
    assert.deepEqual(await actionsAt(whose), ['client.changed', 'user.created']);
    assert.deepEqual(await actionsAt(`?person=${bert.id}&action=client.changed`), ['client.changed']);
    assert.deepEqual(await actionsAt('?request_id=request-of-bert'), ['client.changed']);
    assert.deepEqual(await actionsAt('?client_id=portal&within=hour'), ['client.changed']);
    assert.deepEqual(await actionsAt('?client_id=portal&until=2020-01-01T08:00'), []);
    assert.deepEqual(await actionsAt('?client_id=portal&from=2020-01-01T08:00&actor_type=user'), ['client.changed']);
    assert.deepEqual(await actionsAt('?client_id=portal&actor_type=system'), []);
    const { body } = await browser.open(at(`${whose}&request_id=request-of-bert`));
    assert.match(
      body,
      /class="chip" href="\/console\/here\/audit\?request_id=request-of-bert"[^>]*Without Person: bert\.busy/,
    );
  });

  it('asks whom one means where several fit, and shows nobody’s events meanwhile', async () => {
    for (const fullName of ['Tilda Twin', 'Tove Twin']) await app.person({ tenantId, fullName });
    const { body } = await browser.open(at('?person=twin&action=user.created'));
    assert.match(body, /Several people fit “twin”/);
    assert.match(
      body,
      /href="\/console\/here\/audit\?person=[0-9a-f-]{36}&amp;action=user\.created"[^>]*><bdi>Tilda Twin/,
    );
    assert.doesNotMatch(body, /row-note/);
    assert.match((await browser.open(at('?person=nobody-at-all'))).body, /Nobody whom you reach fits/);
  });

  it('shows one event with what was before and after, by signs and words and not by colour alone', async () => {
    const payload = {
      changed: ['name', 'metadata.client_secret'],
      from: {
        name: 'Old <b>name</b>',
        metadata: { redirect_uris: ['https://a.example/', 'http://b.example/'], same: 1 },
      },
      to: {
        name: 'New name',
        metadata: { redirect_uris: ['https://a.example/'], same: 1, logo_uri: 'https://l.example/' },
      },
    };
    const about = { tenantId, action: 'client.changed', entityType: 'client', entityId: 'diffed' };
    const by = {
      type: 'user',
      id: owner.id,
      ip: '192.0.2.9',
      requestId: 'diff-request',
      cause: 'clients.update',
    } as const;
    await recordEvent(app.db, { ...about, payload }, by);
    const list = await browser.open(at('?entity_id=diffed'));
    const href = /class="cell-link" href="([^"]+)"/.exec(list.body)?.[1] ?? '';
    const { body } = await browser.open(`${app.issuer}${href}`);
    const text = body.replace(/<[^>]+>/g, ' ').replace(/\s+/g, ' ');
    assert.match(text, /An application was changed/);
    assert.match(text, /Name changed − removed Old &lt;b&gt;name&lt;\/b&gt; \+ added New name/);
    assert.match(
      text,
      /redirect_uris changed https:\/\/a\.example\/ − removed http:\/\/b\.example\/ https:\/\/a\.example\//,
    );
    assert.match(text, /logo_uri added nothing \+ added https:\/\/l\.example\//);
    assert.match(text, /1 other value stayed/);
    assert.match(text, /Changed metadata\.client_secret/, 'what is kept out of the trail is named');
    assert.match(text, /192\.0\.2\.9[\s\S]*clients\.update/);
    assert.match(body, /href="\/console\/here\/audit\?request_id=diff-request"/);
  });

  it('says in which seal an event is, and gives its proof as a file', async () => {
    const eventId = await addEvent(app.db, { tenantId, at: someHour(), entityId: 'sealed-thing' });
    assert.match((await browser.open(at(`/${eventId}`))).body, /Not sealed yet/);
    await sealAudit(app.db, app.secrets);
    const page = await browser.open(at(`/${eventId}`));
    assert.match(page.body, /Number 1 of the trail/);
    const href = /href="([^"]+\/proof)"/.exec(page.body)?.[1] ?? '';
    const answer = await fetch(`${app.issuer}${href}`, { headers: { cookie: cookiesOf(browser) } });
    assert.match(answer.headers.get('content-disposition') ?? '', /^attachment; filename="audit-proof-/);
    const proof = (await answer.json()) as { type: string; event: { plain: string } };
    assert.deepEqual([proof.type, proof.event.plain.slice(2, 38)], ['gatehouse-audit-proof', eventId]);
  });

  it('is exported as it is narrowed, after a page that says so', async () => {
    const page = await browser.open(at('/export?client_id=portal&within=hour'));
    assert.match(page.body, /Only what fits these filters[\s\S]*The last hour[\s\S]*portal/);
    const { body } = await browser.submit(page, { format: 'csv' }, { form: 1 });
    assert.match(body, /^.?occurred_at,action/);
    assert.match(body, /client\.changed/);
    assert.equal(body.trim().split('\r\n').length, 2);
    const [event] = await app.db('audit_events').where({ tenantId, action: 'audit.exported' });
    assert.equal(event.payload.filter.client_id, 'portal');
    assert.equal(event.actorId, owner.id);
  });

  it('comes as it happens in the words of who looks, and ends with the session', async () => {
    const mine = await signInToConsole(app, owner);
    const live = await mine.open(at('/live'));
    assert.match(live.body, /data-live="\/console\/here\/audit\/live\/events\?last=[0-9a-f-]{36}"/);
    assert.match(live.body, /<noscript>[\s\S]*<tbody data-live-rows>\s*<tr>/);
    const listening = await listen(at('/live/events'), { cookie: cookiesOf(mine) });
    assert.equal(listening.status, 200);
    const about = { tenantId, action: 'role.created', entityType: 'role', entityId: 'a-new-role' };
    await eventually(async () => {
      await recordEvent(app.db, about, { type: 'user', id: owner.id });
      return listening.heard.some(({ data }) => data.action === 'role.created');
    }, 'it is told');
    const told = listening.heard.find(({ data }) => data.action === 'role.created');
    assert.deepEqual([told?.data.what, told?.data.who], ['A role was made', 'Olive Owner']);
    await revokeAllSessions(app.db, { tenantId, userId: owner.id }, systemCaller);
    await eventually(() => listening.isOver(), 'it ends');
    assert.equal(listening.heard.at(-1)?.event, 'end');
    assert.notEqual((await listen(at('/live/events'), { cookie: cookiesOf(mine) })).status, 200);
    browser = await signInToConsole(app, owner);
  });

  it('is not there for who may not read it, and tells nothing of another tenant', async () => {
    const there = await app.tenant({ slug: 'there', name: 'There' });
    await recordEvent(app.db, { tenantId: there.id, action: 'tenant.renamed' }, systemCaller);
    const [{ id }] = await app.db('audit_events').where({ tenantId: there.id, action: 'tenant.renamed' }).select('id');
    assert.equal((await browser.open(at(`/${id}`))).status, 404);
    assert.equal((await browser.open(`${app.issuer}/console/there/audit`)).status, 404);
    assert.equal((await browser.open(at('/none'))).status, 404);
    const role = await make.createRole(app.db, { tenantId, capabilities: ['users.read', 'audit.read'] });
    const north = await make.createNode(app.db, { tenantId, name: 'North' });
    const delegate = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId: delegate.id, roleId: role.id, orgNodeId: north.id });
    const theirs = await signInToConsole(app, delegate);
    assert.doesNotMatch((await theirs.open(`${app.issuer}/console/here/people`)).body, /\/console\/here\/audit/);
    for (const path of ['', '/live', '/live/events', '/export'])
      assert.equal((await theirs.open(at(path))).status, 404);
    const [own] = await app.db('audit_events').where({ tenantId, entityId: delegate.id }).select('id');
    assert.equal((await theirs.open(at(`/${own.id}`))).status, 404);
  });

  it('shows how far it is sealed, and the seals with what to keep elsewhere', async () => {
    assert.match((await browser.open(at(''))).body, /href="\/console\/here\/audit\/seals"/);
    const seals = await app.db('audit_seals').where({ tenantId });
    assert.ok(seals.length > 0, 'made by the test above');
    const { body } = await browser.open(at('/seals'));
    assert.match(body, /Every hour that is over is sealed/);
    assert.match(body, new RegExp(`Seal ${seals.length}, the newest`));
    const [, kept = ''] = /id="newest-seal"[^>]*>([^<]+)<\/code>/.exec(body) ?? [];
    const newest = seals.find(({ number }) => number === seals.length);
    assert.deepEqual(readWitnessedSeals(kept.replaceAll('&#34;', '"').replaceAll('&quot;', '"')), [
      { tenantId, number: seals.length, hash: newest.hash.toString('hex') },
    ]);
    assert.equal([...body.matchAll(/<th scope="row">\d+<\/th>/g)].length, seals.length);
    const { id: elsewhere } = await app.tenant({ slug: 'elsewhere' });
    const stranger = await app.person({ tenantId: elsewhere });
    await give(app, { tenantId: elsewhere, userId: stranger.id, role: 'owner' });
    const theirs = await (await signInToConsole(app, stranger)).open(`${app.issuer}/console/elsewhere/audit/seals`);
    assert.match(theirs.body, /Nothing is sealed yet/);
    assert.doesNotMatch(theirs.body, /newest-seal/);
  });
});
