import assert from 'node:assert/strict';
import { countActivity } from '../../src/domain/audit/activity.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createStream } from '../../src/domain/event-streams/streams.ts';
import { countMessage } from '../../src/domain/messages/message-days.ts';
import { recordProviderUse } from '../../src/domain/methods/federation/provider-uses.ts';
import { accountKey, countAttempt } from '../../src/domain/sign-in/sign-in-failures.ts';
import { unlockAccount } from '../../src/domain/sign-in/unlock-account.ts';
import { setPlatformTenant } from '../../src/domain/tenants/platform-tenant.ts';
import { createWebhook } from '../../src/domain/webhooks/webhooks.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import * as make from '../support/factories.ts';
import { type Ask, askAsService, give, performAs } from '../support/management.ts';

const dayMs = 86_400_000;

describe('the overview of a tenant', () => {
  let app: TestApp;
  let tenantId: string;
  let rootId: string;
  let ask: Ask;

  before(async () => {
    app = await startTestApp({ runJobs: false });
  });
  after(() => app?.stop());
  beforeEach(fresh);

  async function fresh(): Promise<void> {
    const tenant = await app.tenant();
    tenantId = tenant.id;
    rootId = tenant.rootNodeId;
    ask = await askAsService(app, { tenantId, capabilities: everything });
    // What making them has written is no part of what is counted here.
    await countActivity(app.db);
    await app.db('activity_days').delete();
  }

  /** Again where midnight has passed over it. */
  async function onOneDay(work: () => Promise<void>): Promise<void> {
    const day = dayOf(0);
    try {
      await work();
    } catch (error) {
      if (dayOf(0) === day) throw error;
      await fresh();
      await work();
    }
  }

  const everything = [
    'users.read',
    'audit.read',
    'messages.read',
    'identity_providers.manage',
    'webhooks.manage',
    'events.receive',
    'clients.manage',
    'services.manage',
    'api_keys.manage',
    'keys.manage',
    'invitations.manage',
  ];

  interface Day {
    day: string;
    sign_ins: number;
    new_people: number;
    refusals: number;
    refused_because: { reason: string; count: number }[];
    messages: { channel: string; sent: number; not_sent: number }[];
  }
  interface Seen {
    kind: string;
    count: number;
    items: { id: string; name: string; detail: string | null; at: string | null }[];
  }
  async function overview(asked = ask): Promise<{ days: Day[] | null; needs_a_look: Seen[] }> {
    const { status, body } = await asked('GET', '/overview');
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
  const daysOf = async (): Promise<Day[]> => (await overview()).days ?? [];
  const seen = async (kind: string, asked = ask): Promise<Seen | undefined> =>
    (await overview(asked)).needs_a_look.find((one) => one.kind === kind);

  /** Events as they stand in the trail some days ago, at noon of UTC. */
  async function happened(daysAgo: number, action: string, times = 1, payload: object = {}): Promise<void> {
    const noon = new Date(`${dayOf(daysAgo)}T12:00:00Z`);
    const occurredAt = daysAgo === 0 ? new Date() : noon;
    const row = { tenantId, actorType: 'system', action, payload: JSON.stringify(payload), occurredAt };
    await app.db('audit_events').insert(Array.from({ length: times }, () => ({ ...row, id: newId() })));
  }
  const dayOf = (daysAgo: number) => new Date(Date.now() - daysAgo * dayMs).toISOString().slice(0, 10);
  const nothingCounted = () => app.db('activity_counted').update({ until: new Date(Date.now() - 40 * dayMs) });

  it('counts sign-ins, new people and refusals by their reason, of each day of a month', () =>
    onOneDay(async () => {
      await nothingCounted();
      await happened(3, 'login.succeeded', 5);
      await happened(3, 'user.created', 2);
      await happened(3, 'login.failed', 4, { reason: 'wrong_password' });
      await happened(3, 'token.refused', 1, { error: 'invalid_client' });
      const refusals = [{ action: 'token.refused', error: 'invalid_client', count: 30 }];
      await happened(3, 'refusal.repeated', 1, { count: 30, refusals });
      await happened(29, 'login.succeeded', 1);
      await happened(30, 'login.succeeded', 7);
      await happened(0, 'role.created', 3);
      const days = await daysOf();
      assert.equal(days.length, 30);
      assert.deepEqual([days[0]?.day, days.at(-1)?.day], [dayOf(29), dayOf(0)]);
      assert.deepEqual(days[26], {
        day: dayOf(3),
        sign_ins: 5,
        new_people: 2,
        refusals: 35,
        refused_because: [
          { reason: 'invalid_client', count: 31 },
          { reason: 'wrong_password', count: 4 },
        ],
        messages: [],
      });
      assert.equal(
        days.reduce((sum, day) => sum + day.sign_ins, 0),
        6,
      );
      // Counted by the job or not yet: the same.
      await countActivity(app.db);
      assert.deepEqual(await daysOf(), days);
    }));

  it('counts each event once, however often and by however many the trail is counted', () =>
    onOneDay(async () => {
      await nothingCounted();
      await happened(2, 'login.succeeded', 20);
      await happened(0, 'login.succeeded', 3);
      await Promise.all(Array.from({ length: 6 }, () => countActivity(app.db)));
      await countActivity(app.db);
      const days = await daysOf();
      assert.deepEqual([days[27]?.sign_ins, days[29]?.sign_ins], [20, 3]);
    }));

  it('counts what happens in a real sign-in, of this tenant alone', () =>
    onOneDay(async () => {
      const person = await app.person({ tenantId });
      await happened(0, 'login.succeeded');
      assert.equal((await daysOf()).at(-1)?.new_people, 1);
      const { id: otherId } = await app.tenant();
      const other = await askAsService(app, { tenantId: otherId, capabilities: everything });
      assert.equal((await overview(other)).days?.at(-1)?.new_people, 0);
      assert.ok(!JSON.stringify(await overview(other)).includes(person.id));
    }));

  it('counts messages by channel, sent or not, and says why the last one was not', () =>
    onOneDay(async () => {
      const counted = { tenantId, channel: 'email' } as const;
      await countMessage(app.db, { ...counted, outcome: 'sent' });
      await countMessage(app.db, { ...counted, outcome: 'sent' });
      await countMessage(app.db, { ...counted, outcome: 'retried', reason: 'timeout' });
      assert.equal(await seen('messages_not_sent'), undefined);
      await countMessage(app.db, { ...counted, outcome: 'refused', reason: 'budget_used_up' });
      await countMessage(app.db, { tenantId, channel: 'sms', outcome: 'failed', reason: 'number_refused' });
      assert.deepEqual((await daysOf()).at(-1)?.messages, [
        { channel: 'email', sent: 2, not_sent: 1 },
        { channel: 'sms', sent: 0, not_sent: 1 },
      ]);
      const { body: health } = await ask('GET', '/messages/channels');
      assert.deepEqual(
        health.items.map((item: Record<string, unknown>) => [
          item.channel,
          item.sent,
          item.not_sent,
          item.last_sent_at !== null,
          item.last_failure,
          item.took_last,
        ]),
        [
          ['email', 2, 1, true, 'budget_used_up', false],
          ['sms', 0, 1, false, 'number_refused', false],
          ['whatsapp', 0, 0, false, null, null],
        ],
      );
      const found = await seen('messages_not_sent');
      assert.equal(found?.count, 2);
      assert.deepEqual(
        found?.items.map(({ id, detail }) => [id, detail]),
        [
          ['email', 'budget_used_up'],
          ['sms', 'number_refused'],
        ],
      );
    }));

  it('shows a provider that failed several times in a row, until it answers', async () => {
    await ask('POST', '/identity-providers', {
      key: `p-${newId().slice(-12)}`,
      name: 'Away',
      issuer: 'https://login.example',
      client_id: 'us',
      client_secret: 'ours',
    });
    const { id: providerId } = await app.db('identity_providers').where({ tenantId }).first('id');
    const fails = () => recordProviderUse(app.db, { providerId, failure: 'ECONNREFUSED' });
    await fails();
    await fails();
    assert.equal(await seen('identity_provider_failing'), undefined);
    await fails();
    const found = await seen('identity_provider_failing');
    assert.deepEqual(
      found?.items.map(({ name, detail }) => [name, detail]),
      [['Away', 'ECONNREFUSED']],
    );
    await recordProviderUse(app.db, { providerId });
    assert.equal(await seen('identity_provider_failing'), undefined);
  });

  it('shows a webhook and a stream that have failed for an hour or were switched off for it, until they answer', async () => {
    const how = { secrets: app.secrets, allowHttp: true, caller: systemCaller };
    const hook = await createWebhook(
      app.db,
      { tenantId, name: 'Ticketing', url: 'http://127.0.0.1:1/', types: [] },
      how,
    );
    const wish = {
      method: 'push',
      endpointUrl: 'http://127.0.0.1:1/',
      eventsRequested: [],
      description: 'Watching',
    } as const;
    const stream = await createStream(app.db, { tenantId, clientId: null, ...wish }, how);
    const standing = async (change: object) =>
      app.db('event_receivers').whereIn('id', [hook.id, stream.id]).update(change);
    const shown = async () =>
      [await seen('webhook_failing'), await seen('event_stream_failing')].map((found) =>
        found?.items.map(({ name, detail }) => [name, detail]),
      );
    await standing({ failures: 9, failingSince: new Date(Date.now() - 1_800_000) });
    assert.deepEqual(await shown(), [undefined, undefined], 'half an hour may be anything');
    await standing({ failingSince: new Date(Date.now() - 7_200_000) });
    assert.deepEqual(await shown(), [[['Ticketing', 'failing']], [['Watching', 'failing']]]);
    await standing({ state: 'disabled', disabledWhy: 'gone', failures: 0, failingSince: null });
    assert.deepEqual(await shown(), [[['Ticketing', 'gone']], [['Watching', 'gone']]]);
    await standing({ state: 'enabled', disabledWhy: null });
    assert.deepEqual(await shown(), [undefined, undefined]);
  });

  it('shows an application whose last secret ends soon, and none that is being rotated', async () => {
    const { clientId } = await app.relyingParty({ tenantId, name: 'Portal' });
    const { id } = await app.db('clients').where({ clientId }).first('id');
    const soon = new Date(Date.now() + 3 * dayMs);
    await app.db('client_secrets').where({ clientId: id }).update({ expiresAt: soon });
    const found = await seen('client_secret_ending');
    assert.deepEqual(
      found?.items.map((item) => [item.id, item.name, item.at]),
      [[clientId, 'Portal', soon.toISOString()]],
    );
    assert.equal(await seen('service_secret_ending'), undefined);
    await ask('POST', `/clients/${clientId}/secrets`, {});
    await app.db('client_secrets').where({ clientId: id, expiresAt: null }).update({ expiresAt: null });
    assert.equal(await seen('client_secret_ending'), undefined);
  });

  it('shows who is locked out, until they are freed', async () => {
    const person = await app.person({ tenantId, fullName: 'Ada' });
    const about = { tenantId, entityType: 'user', entityId: person.id, actorType: 'system', action: 'login.failed' };
    await app.db('audit_events').insert({ ...about, id: newId(), payload: { reason: 'account_locked' } });
    assert.equal(await seen('account_locked'), undefined, 'the count decides, not the trail');
    const [key] = [accountKey(app.secrets, 'password', person.id)];
    await countAttempt(app.db, [key]);
    await app.db('sign_in_failures').where({ subjectHash: key[0] }).update({ failures: 100 });
    const found = await seen('account_locked');
    assert.deepEqual([found?.count, found?.items[0]?.id, found?.items[0]?.name], [1, person.id, 'Ada']);
    await unlockAccount(app.db, { tenantId, userId: person.id }, { secrets: app.secrets, caller: systemCaller });
    assert.equal(await seen('account_locked'), undefined);
  });

  it('shows people who must enrol a second factor and have none', async () => {
    const bound = await app.person({ tenantId, fullName: 'Bound' });
    await app.db('users').where({ id: bound.id }).update({ mfaRequired: true });
    const admin = await app.person({ tenantId, fullName: 'Admin' });
    await give(app, { tenantId, userId: admin.id, role: 'admin' });
    const names = async () => (await seen('second_factor_missing'))?.items.map(({ name }) => name).sort();
    assert.deepEqual(await names(), ['Bound']);
    const require = (secondFactorFor: string) =>
      app
        .db('tenants')
        .where({ id: tenantId })
        .update({ settings: JSON.stringify({ secondFactorFor }) });
    await require('administrators');
    assert.deepEqual(await names(), ['Admin', 'Bound']);
    await app.db('user_factors').insert({ tenantId, userId: bound.id, kind: 'totp', secret: 'sealed', lastStep: 0 });
    assert.deepEqual(await names(), ['Admin']);
  });

  it('shows a delegate what stands in their part, and nothing that is of the whole tenant', async () => {
    const soon = new Date(Date.now() + dayMs);
    const [north, south] = [
      await make.createNode(app.db, { tenantId, parentId: rootId, name: 'North' }),
      await make.createNode(app.db, { tenantId, parentId: rootId, name: 'South' }),
    ];
    const role = await make.createRole(app.db, { tenantId, name: 'Teacher' });
    for (const [fullName, node] of [
      ['Nora', north],
      ['Sven', south],
    ] as const) {
      const { id: userId } = await app.person({ tenantId, fullName });
      await app.db('users').where({ id: userId }).update({ mfaRequired: true });
      await make.assign(app.db, { tenantId, userId, roleId: role.id, orgNodeId: node.id, endsAt: soon });
      await app.db('invitations').insert({
        id: newId(),
        tenantId,
        email: `${fullName.toLowerCase()}@example.test`,
        channel: 'email',
        roleId: role.id,
        orgNodeId: node.id,
        tokenHash: Buffer.from(newId()),
        inviterType: 'system',
        expiresAt: soon,
      });
    }
    await countMessage(app.db, { tenantId, channel: 'email', outcome: 'failed', reason: 'refused' });
    const delegate = await make.createRole(app.db, { tenantId, capabilities: everything });
    const { id: userId } = await app.person({ tenantId });
    await make.assign(app.db, { tenantId, userId, roleId: delegate.id, orgNodeId: north.id });
    const { body } = await performAs(app, { tenantId, userId })('overview.get');
    const { days, needs_a_look } = body as Awaited<ReturnType<typeof overview>>;
    assert.equal(days, null);
    const told = needs_a_look.map(({ kind, count, items }) => [kind, count, items.map(({ name }) => name)]);
    assert.deepEqual(told, [
      ['role_ending', 1, ['Nora']],
      ['second_factor_missing', 1, ['Nora']],
      ['invitation_expiring', 1, ['nora@example.test']],
    ]);
    const whole = (await overview()).needs_a_look.map(({ kind, count }) => [kind, count]);
    assert.deepEqual(whole, [
      ['messages_not_sent', 1],
      ['role_ending', 2],
      ['second_factor_missing', 2],
      ['invitation_expiring', 2],
    ]);
  });

  it('shows signing keys that will be replaced to those who run the server alone', async () => {
    await app
      .db('signing_keys')
      .where({ state: 'current' })
      .update({ activatesAt: new Date('2020-01-01') });
    assert.equal(await seen('signing_key_rotating'), undefined);
    await setPlatformTenant(app.db, tenantId, systemCaller);
    assert.equal((await seen('signing_key_rotating'))?.count, 2);
  });

  it('leaves out what the token is not good for', async () => {
    const narrow = await askAsService(app, { tenantId, capabilities: ['users.read'] });
    await happened(0, 'login.succeeded');
    await countMessage(app.db, { tenantId, channel: 'email', outcome: 'failed', reason: 'refused' });
    assert.deepEqual(await overview(narrow), { days: null, needs_a_look: [] });
  });
});
