import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { signInToConsole } from '../support/console.ts';
import { basic, type ClientCredential, introspect, post } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { type Ask, askAsService, asking, give } from '../support/management.ts';

interface LiveToken {
  id: string;
  resource: string;
  scope: string;
  ip: string;
}

describe('the live tokens of a service', () => {
  let app: TestApp;
  let other: string;
  let tenantId: string;
  let ask: Ask;
  let there: Ask;
  /** The services that are the APIs, and may ask about tokens. */
  const apis: Record<string, ClientCredential> = {};
  const jwt = 'https://jwt.example/';
  const opaque = 'https://opaque.example/';

  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    tenantId = (await app.tenant({ slug: 'here' })).id;
    const add = async (identifier: string, tokenFormat: 'jwt' | 'opaque', key: string) => {
      const wanted = { tenantId, identifier, name: key, tokenFormat, scopes: [{ key }] };
      const { id: resourceServerId } = await createResourceServer(app.db, wanted, systemCaller);
      apis[identifier] = await app.service({ tenantId, capabilities: [], resourceServerId });
    };
    await add(jwt, 'jwt', 'form.jwt');
    await add(opaque, 'opaque', 'form.opaque');
    ask = await askAsService(app, { tenantId, capabilities: ['services.manage', 'audit.read'] });
    const elsewhere = (await app.tenant({ slug: 'there' })).id;
    there = await askAsService(app, { tenantId: elsewhere, capabilities: ['services.manage'] });
  });
  after(() => app?.stop());

  /** A service with a token for each API, and one for ours. */
  async function withTokens() {
    const capabilities = ['form.jwt', 'form.opaque', 'users.read'];
    const service = await app.service({ tenantId, capabilities });
    const authorization = basic(service);
    const token = async (resource: string, scope: string) => {
      const { body } = await post(
        `${app.issuer}/token`,
        { grant_type: 'client_credentials', resource, scope },
        authorization,
      );
      return body.access_token as string;
    };
    return {
      ...service,
      path: `/services/${service.clientId}/tokens`,
      tokens: {
        jwt: await token(jwt, 'form.jwt'),
        opaque: await token(opaque, 'form.opaque'),
        own: await token(`${app.issuer}/api/v1`, 'users.read'),
      },
    };
  }

  const isActive = async (server: string, identifier: string, token: string) =>
    (await introspect(server, apis[identifier] as ClientCredential, token)).body.active;
  const listed = async (path: string): Promise<LiveToken[]> => (await ask('GET', path)).body.items;

  it('are listed with what they are for, and end one by one, on every process', async () => {
    const { path, tokens } = await withTokens();
    const items = await listed(path);
    assert.deepEqual(
      items.map(({ resource, scope }) => [resource, scope]).sort(),
      [
        [jwt, 'form.jwt'],
        [opaque, 'form.opaque'],
        [`${app.issuer}/api/v1`, 'users.read'],
      ].sort(),
    );
    assert.doesNotMatch(JSON.stringify(items), new RegExp(tokens.opaque));
    assert.ok(items.every(({ ip }) => /127\.0\.0\.1|::1/.test(ip)));
    for (const [resource, token] of [
      [jwt, tokens.jwt],
      [opaque, tokens.opaque],
    ] as const) {
      assert.equal(await isActive(other, resource, token), true, resource);
      const found = items.find((one) => one.resource === resource);
      assert.equal((await ask('DELETE', `${path}/${found?.id}`)).status, 204);
      assert.equal((await ask('DELETE', `${path}/${found?.id}`)).status, 204);
      await eventually(async () => (await isActive(other, resource, token)) === false);
    }
    assert.deepEqual(
      (await listed(path)).map(({ scope }) => scope),
      ['users.read'],
    );
  });

  it('end all at once, where the service goes on with others', async () => {
    const { path, tokens, clientId } = await withTokens();
    const manage = (server: string) =>
      fetch(`${server}/api/v1/users`, { headers: { authorization: `Bearer ${tokens.own}` } });
    assert.equal((await manage(other)).status, 200);
    assert.equal((await ask('DELETE', path)).status, 204);
    await eventually(async () => (await manage(other)).status === 401);
    await eventually(async () => (await isActive(other, jwt, tokens.jwt)) === false);
    await eventually(async () => (await isActive(other, opaque, tokens.opaque)) === false);
    assert.deepEqual(await listed(path), []);
    const [event] = await app.db('audit_events').where({ action: 'service_session.all_revoked', entityId: clientId });
    assert.deepEqual([event.tenantId, event.payload.count], [tenantId, 3]);
  });

  it('are nobody else’s to see or to end', async () => {
    const { path } = await withTokens();
    const foreign = await withTokens();
    const [token] = await listed(path);
    assert.equal((await there('GET', path)).status, 404);
    assert.equal((await there('DELETE', path)).status, 404);
    assert.equal((await there('DELETE', `${path}/${token?.id}`)).status, 404);
    // Of another service of the same tenant, by a path that is not its own.
    assert.equal((await ask('DELETE', `${foreign.path}/${token?.id}`)).status, 404);
    const weak = await askAsService(app, { tenantId, capabilities: ['users.read'] });
    assert.equal((await weak('GET', path)).status, 403);
    assert.equal((await weak('DELETE', path)).status, 403);
    assert.equal((await asking(app, undefined)('GET', path)).status, 401);
    assert.equal((await listed(path)).length, 3);
  });

  it('are shown at the console, and ended there', async () => {
    const { clientId, tokens } = await withTokens();
    const owner = await app.person({ tenantId });
    await give(app, { tenantId, userId: owner.id, role: 'owner' });
    const browser = await signInToConsole(app, owner);
    const at = `${app.issuer}/console/here/services/${clientId}/tokens`;
    const page = await browser.open(at);
    assert.match(page.body, /form\.opaque/);
    const row = page.body.split('<tr>').find((one) => one.includes('form.opaque')) ?? '';
    const [, href] = /href="([^"]+\/revoke)"/.exec(row) ?? [];
    const ended = await browser.submit(await browser.open(`${app.issuer}${href}`), {}, { form: 1 });
    assert.match(ended.body, /The token has ended/);
    assert.doesNotMatch(ended.body, /form\.opaque/);
    assert.equal(await isActive(app.issuer, opaque, tokens.opaque), false);
    assert.equal(await isActive(app.issuer, jwt, tokens.jwt), true);
    const all = await browser.open(`${at}/revoke`);
    assert.match(all.body, /2 live tokens of it end at once/);
    const none = await browser.submit(all, {}, { form: 1 });
    assert.match(none.body, /No live token/);
    assert.equal(await isActive(app.issuer, jwt, tokens.jwt), false);
  });
});
