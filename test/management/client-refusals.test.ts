import assert from 'node:assert/strict';
import { compareRedirect } from '../../src/domain/clients/compare-redirects.ts';
import { createRedirectMistakeRecorder, withoutQuery } from '../../src/domain/clients/redirect-mistakes.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { eventually } from '../support/eventually.ts';
import { type Ask, askAsService } from '../support/management.ts';

describe('a redirect URI that is not registered', () => {
  const registered = ['https://app.example/cb', 'http://127.0.0.1:3000/cb'];
  for (const [sent, meant, differences] of [
    ['https://app.example/cb/', 0, ['trailing_slash']],
    ['http://app.example/cb', 0, ['scheme']],
    ['https://App.example/cb', 0, ['host_case']],
    ['https://app.example:8443/cb', 0, ['port']],
    ['https://app.example/CB', 0, ['path_case']],
    ['https://app.example/other', 0, ['path']],
    ['https://app.example/cb?', 0, ['query']],
    ['https://other.example/cb', 0, ['host']],
    ['http://localhost:3000/cb', 1, ['loopback_name']],
    ['http://localhost:3000/cb/', 1, ['loopback_name', 'trailing_slash']],
    ['http://127.0.0.1:3001/cb', 1, ['port']],
    ['not an address', 0, ['not_an_address']],
  ] as const)
    it(`is told apart: ${sent}`, () => {
      assert.deepEqual(compareRedirect(sent, registered), { registered: registered[meant], differences });
    });

  it('is compared with nothing where nothing is registered', () => {
    assert.deepEqual(compareRedirect('https://app.example/cb', []), { registered: null, differences: [] });
  });

  it('is kept without its query, a name, a password and what is no text', () => {
    assert.equal(withoutQuery('https://app.example/cb?code=secret#x'), 'https://app.example/cb?');
    assert.equal(withoutQuery('https://ada:secret@app.example/cb'), 'https://app.example/cb');
    assert.equal(withoutQuery('https://app.example/c\u0000b\u202e'), 'https://app.example/cb');
    assert.equal(withoutQuery(`https://app.example/${'a'.repeat(1000)}`).length, 300);
  });
});

describe('the refusals of a client', () => {
  let app: TestApp;
  let tenantId: string;
  let ask: Ask;
  before(async () => {
    app = await startTestApp({ runJobs: false });
    tenantId = (await app.tenant()).id;
    ask = await askAsService(app, { tenantId, capabilities: ['clients.manage', 'services.manage'] });
  });
  after(() => app?.stop());

  interface Mistake {
    sent: string;
    registered: string | null;
    differences: string[];
    times: number;
  }
  async function refusals(path: string): Promise<{
    redirect_uris: Mistake[];
    refusals: { action: string; error: string; times: number }[];
  }> {
    const { status, body } = await ask('GET', `${path}/refusals`);
    assert.equal(status, 200, JSON.stringify(body));
    return body;
  }
  const send = async (clientId: string, redirectUri: string) => {
    const query = new URLSearchParams({
      client_id: clientId,
      redirect_uri: redirectUri,
      response_type: 'code',
      scope: 'openid',
    });
    const answer = await fetch(`${app.issuer}/authorize?${query}`, { redirect: 'manual' });
    assert.equal(answer.status, 400);
  };
  const register = async () => {
    const { body } = await ask('POST', '/clients', {
      name: 'Portal',
      kind: 'web',
      redirect_uris: ['https://app.example/cb'],
    });
    return body.client_id as string;
  };

  it('say what was sent, what is registered and in what they differ', async () => {
    const clientId = await register();
    await send(clientId, 'https://app.example/cb/');
    await send(clientId, 'https://app.example/cb/');
    await send(clientId, 'https://app.example/cb?session=secret');
    const found = await eventually(async () => {
      const { redirect_uris } = await refusals(`/clients/${clientId}`);
      const times = redirect_uris.reduce((sum, one) => sum + one.times, 0);
      return times === 3 && redirect_uris;
    }, 'all three are kept');
    const told = found.map(({ sent, registered, differences, times }) => [sent, registered, differences, times]);
    assert.deepEqual(told.toSorted(), [
      ['https://app.example/cb/', 'https://app.example/cb', ['trailing_slash'], 2],
      ['https://app.example/cb?', 'https://app.example/cb', ['query'], 1],
    ]);
  });

  it('keep few of what strangers send, also of many at once from several processes', async () => {
    const clientId = await register();
    const processes = [1, 2, 3].map(() => createRedirectMistakeRecorder(app.db));
    await Promise.all(
      Array.from({ length: 300 }, (_, index) =>
        processes[index % 3]?.(clientId, `https://stranger-${index}.example/cb`),
      ),
    );
    const { redirect_uris } = await refusals(`/clients/${clientId}`);
    assert.ok(redirect_uris.length <= 24, `${redirect_uris.length}`);
    assert.equal(
      redirect_uris.reduce((sum, { times }) => sum + times, 0),
      300,
    );
    const others = redirect_uris.find(({ sent }) => sent === '');
    assert.deepEqual([others?.registered, others?.differences], [null, []]);
  });

  it('are not kept of a client that is not there', async () => {
    await createRedirectMistakeRecorder(app.db)('nobody', 'https://app.example/cb');
    const clientId = await register();
    assert.deepEqual(await refusals(`/clients/${clientId}`), { redirect_uris: [], refusals: [] });
  });

  it('tell the other refusals by their reason, also those that repeated', async () => {
    const { clientId } = await app.service({ tenantId, capabilities: [] });
    const body = new URLSearchParams({
      client_id: clientId,
      client_secret: 'wrong-wrong-wrong-wrong',
      grant_type: 'client_credentials',
    });
    await (await fetch(`${app.issuer}/token`, { method: 'POST', body })).arrayBuffer();
    const repeated = [{ action: 'token.refused', error: 'invalid_client', count: 41 }];
    await eventually(async () => (await refusals(`/services/${clientId}`)).refusals.length > 0, 'the first is told');
    await app.db('audit_events').insert({
      tenantId,
      actorType: 'client',
      action: 'refusal.repeated',
      entityType: 'client',
      entityId: clientId,
      payload: { count: 41, refusals: repeated },
    });
    const found = (await refusals(`/services/${clientId}`)).refusals;
    assert.deepEqual(
      found.map(({ action, error, times }) => [action, error, times]),
      [['token.refused', 'invalid_client', 42]],
    );
  });
});
