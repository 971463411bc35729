/** What one process changes another refuses within a second, while it remembers what it was asked a moment ago. */
import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { rotateClientSecret } from '../../src/domain/clients/clients.ts';
import { disableClient } from '../../src/domain/lifecycle/end-client.ts';
import { suspendTenant } from '../../src/domain/lifecycle/end-tenant.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { type ClientCredential, createApi, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';

describe('what a process remembers of the configuration', () => {
  let app: TestApp;
  /** Processes as they are in production, which ask for changes every quarter of a second. */
  let processes: string[];
  before(async () => {
    app = await startTestApp();
    processes = [await app.startProcess(), await app.startProcess()];
  });
  after(() => app?.stop());

  type Service = ClientCredential & { resource: string };
  async function service(overrides: { tenantId?: string } = {}): Promise<Service> {
    const { capabilities, identifier } = await createApi(app);
    return { ...(await app.service({ capabilities, ...overrides })), resource: identifier };
  }
  const ask = (origin: string, { resource, ...as }: Service) =>
    postAs(`${origin}/token`, as, { grant_type: 'client_credentials', resource });

  async function refusedWithinASecond(as: Service, change: () => Promise<unknown>, error: string) {
    // Under load all the while: what is asked for is remembered.
    const refusedAt = new Map<string, number>();
    for (const origin of processes) assert.equal((await ask(origin, as)).status, 200);
    await change();
    const changedAt = performance.now();
    await eventually(async () => {
      for (const origin of processes) {
        const askedAt = performance.now();
        const answer = await ask(origin, as);
        if (answer.status !== 200 && !refusedAt.has(origin)) {
          assert.equal((answer.body as { error: string }).error, error);
          refusedAt.set(origin, askedAt - changedAt);
        } else if (answer.status === 200) {
          // A request that began a second after the change is never served by what was before it.
          assert.ok(askedAt - changedAt < 1_000, `served ${Math.round(askedAt - changedAt)} ms after the change`);
        }
      }
      return refusedAt.size === processes.length;
    }, 'every process refuses');
  }

  it('is forgotten within a second of the change: a client that was disabled', async () => {
    const a = await service();
    await refusedWithinASecond(a, () => disableClient(app.db, a.clientId, systemCaller), 'invalid_client');
  });

  it('a secret that was replaced', async () => {
    const a = await service();
    const rotate = () => rotateClientSecret(app.db, a.clientId, 0, systemCaller);
    await refusedWithinASecond(a, rotate, 'invalid_client');
  });

  it('a capability that was withdrawn', async () => {
    const a = await service();
    const row = await app.db('clients').where({ clientId: a.clientId }).first();
    await refusedWithinASecond(
      a,
      () => app.db('client_capabilities').where({ clientId: row.id }).delete(),
      'invalid_target',
    );
  });

  it('a tenant that was suspended', async () => {
    const tenant = await app.tenant();
    const a = await service({ tenantId: tenant.id });
    await refusedWithinASecond(a, () => suspendTenant(app.db, tenant.id, systemCaller), 'invalid_client');
  });

  it('never has a token stored for a client that was disabled before', async () => {
    // The memory of a process is a moment old; the statement that stores the token looks again.
    const a = await service();
    for (const origin of processes) assert.equal((await ask(origin, a)).status, 200);
    await disableClient(app.db, a.clientId, systemCaller);
    const answers = await Promise.all(Array.from({ length: 50 }, (_, n) => ask(processes[n % 2] as string, a)));
    assert.deepEqual(
      new Set(answers.map(({ status, body }) => `${status} ${(body as { error: string }).error}`)),
      new Set(['401 invalid_client']),
    );
    const stored = await app.db('oidc_payloads').where({ clientId: a.clientId });
    assert.deepEqual(stored, []);
  });
});
