/** What a stranger may write into the audit trail by being refused. */
import assert from 'node:assert/strict';
import { tellOfRepeatedRefusals } from '../../src/domain/audit/repeated-refusals.ts';
import { createLogger } from '../../src/platform/logger.ts';
import { createGatehouse, type GatehouseServer } from '../../src/server.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import type { AuditRow } from '../support/audit.ts';
import type { ClientCredential } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';

interface Told {
  count: number;
  refusals: { action: string; error: string; count: number }[];
}

describe('refusals that repeat', () => {
  let app: TestApp;
  let node: GatehouseServer;
  let other: string;
  let client: ClientCredential;
  before(async () => {
    app = await startTestApp({ env: { TRUSTED_PROXIES: '127.0.0.1/32,::1/128' } });
    // No process of its own: those run the schedule, which tells of what repeated when a real minute ends.
    const { config, databaseUrl } = app;
    node = await createGatehouse({ config, databaseUrl, logger: createLogger({ level: 'silent' }), runJobs: false });
    other = `http://localhost:${await node.listen('127.0.0.1', 0)}`;
  });
  beforeEach(async () => {
    client = await app.service({ capabilities: [] });
  });
  after(async () => {
    await node?.stop();
    await app?.stop();
  });

  const wrongSecret = { client_secret: 'wrong-wrong-wrong-wrong' };
  const unknownResource = () => ({ client_secret: client.clientSecret, resource: 'https://nowhere.example.test/' });

  async function refuse(from: string, index = 0, form: Record<string, string> = wrongSecret): Promise<void> {
    const body = new URLSearchParams({ client_id: client.clientId, grant_type: 'client_credentials', ...form });
    const headers = { 'x-forwarded-for': from };
    const answer = await fetch(`${index % 2 ? other : app.issuer}/token`, { method: 'POST', body, headers });
    await answer.arrayBuffer();
    assert.ok(answer.status === 400 || answer.status === 401, String(answer.status));
  }

  /** Fifty at once. */
  async function refuseMany(times: number, from: (index: number) => string, form?: Record<string, string>) {
    const before = await counted();
    for (let index = 0; index < times; index += 50) {
      const some = Array.from({ length: Math.min(50, times - index) }, (_, more) => index + more);
      await Promise.all(some.map((one) => refuse(from(one), one, form)));
    }
    // What the library tells of, it tells of beside the answer.
    await eventually(async () => (await counted()) === before + times, 'every refusal is counted');
  }

  const events = (): Promise<AuditRow[]> =>
    app
      .db('auditEvents')
      .where({ entityType: 'client', entityId: client.clientId })
      .whereLike('action', '%refus%')
      .orderBy('occurredAt');
  const told = async () =>
    (await events())
      .filter(({ action }) => action === 'refusal.repeated')
      .map(({ payload }) => payload as unknown as Told);

  /** All refusals of the client, told of and not yet. */
  async function counted(): Promise<number> {
    const rows = await app
      .db('repeatedRefusals')
      .where({ clientId: client.clientId })
      .select<{ counts: object }[]>('counts');
    const waiting = rows.flatMap(({ counts }) => Object.values(counts) as number[]);
    const singles = (await events()).length - (await told()).length;
    return [...waiting, ...(await told()).map(({ count }) => count)].reduce((sum, count) => sum + count, singles);
  }

  async function aMinutePasses(): Promise<void> {
    await app.db('repeatedRefusals').update({ since: app.db.raw(`since - interval '1 minute'`) });
    await Promise.all([tellOfRepeatedRefusals(app.db), tellOfRepeatedRefusals(app.db)]);
  }

  it('make one event a minute for a client and an address, with their count, at two nodes', async () => {
    await refuseMany(200, () => '192.0.2.1');
    assert.equal((await events()).length, 1, 'the first at once');
    await aMinutePasses();
    assert.deepEqual(await told(), [
      {
        count: 199,
        refusals: [{ action: 'token.refused', error: 'invalid_client', count: 199 }],
        since: (await told())[0] && ((await told())[0] as unknown as { since: string }).since,
      },
    ]);
    await refuseMany(100, () => '192.0.2.1');
    await refuseMany(50, () => '192.0.2.1');
    await aMinutePasses();
    assert.deepEqual(
      (await told()).map(({ count }) => count),
      [199, 150],
    );
    const [first, second] = await events();
    assert.equal(first?.ip, '192.0.2.1');
    assert.equal(second?.ip, '192.0.2.1');
    assert.equal(second?.actorId, client.clientId);
  });

  it('of several kinds are one event together', async () => {
    await refuseMany(20, () => '192.0.2.2');
    await refuseMany(30, () => '192.0.2.2', unknownResource());
    assert.equal((await events()).length, 2, 'the first of each kind at once');
    await aMinutePasses();
    const [gathered] = await told();
    assert.equal(gathered?.count, 48);
    const kinds = gathered?.refusals.map(({ error, count }) => [error, count]).sort();
    assert.deepEqual(kinds, [
      ['invalid_client', 19],
      ['invalid_target', 29],
    ]);
  });

  it('are told of at once again when they had come to rest', async () => {
    await refuseMany(2, () => '192.0.2.3');
    await aMinutePasses();
    await aMinutePasses();
    assert.equal(await app.db('repeatedRefusals').where({ clientId: client.clientId }).first(), undefined);
    await refuseMany(1, () => '192.0.2.3');
    assert.deepEqual(
      (await events()).map(({ action }) => action),
      ['token.refused', 'refusal.repeated', 'token.refused'],
    );
  });

  it('of a thousand addresses are told of by a hundred of them, and the rest together', async () => {
    const rows = async () => (await events()).length;
    for (let round = 0; round < 2; round++) await refuseMany(1_000, (index) => `198.18.${index >> 8}.${index & 255}`);
    // Two that begin at the same moment may both see room for one more.
    const atOnce = await rows();
    assert.ok(atOnce >= 101 && atOnce <= 115, String(atOnce));
    await aMinutePasses();
    assert.ok((await rows()) <= 2 * atOnce, String(await rows()));
    assert.equal(await counted(), 2_000);
    const rest = (await events()).find(({ action, ip }) => action === 'refusal.repeated' && ip === null);
    assert.ok(Number(rest?.payload.count) > 1_500);
  });

  it('of a network of IPv6 are those of one address', async () => {
    await refuseMany(100, (index) => `2001:db8:1:${index.toString(16)}::1`);
    assert.equal((await events()).length, 1);
    await aMinutePasses();
    assert.deepEqual(
      (await told()).map(({ count }) => count),
      [99],
    );
    assert.equal((await events()).at(-1)?.ip, '2001:db8:1::/48');
  });
});
