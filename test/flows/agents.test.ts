/** Agents of people: the official MCP client and server with Gatehouse between them, what the person is told, and how it ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Server } from 'node:http';
import tls from 'node:tls';
import { decodeJwt } from 'jose';
import { type Agent, type AgentOptions, connectAgent } from '../../examples/mcp-server/agent.ts';
import { createStockServer, stockScope } from '../../examples/mcp-server/stock-server.ts';
import { defineCapability } from '../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { createInitialAccessToken } from '../../src/domain/registration/initial-access-tokens.ts';
import { createResourceServer } from '../../src/domain/resource-servers/resource-servers.ts';
import type { NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { updateTenantSettings } from '../../src/domain/tenants/tenants.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { Browserless, type Reply } from '../support/browserless.ts';
import { type DocumentHost, startDocumentHost } from '../support/document-host.ts';
import { introspect, refresh, userinfoStatus } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { assign, createRole } from '../support/factories.ts';
import { freePort } from '../support/free-port.ts';
import { asking, give } from '../support/management.ts';
import { hasOpenssl } from '../support/openssl.ts';
import { processEnvironment } from '../support/process-environment.ts';
import { discover, signIn, startSignIn } from '../support/relying-party.ts';
import { startSampleApp } from '../support/sample-applications.ts';

const day = 86_400;

interface Credentials {
  email: string;
  password: string;
}

/** Signs in and consents without a browser's window. `days`: what is chosen; undefined: what is proposed. */
function headless(person: Credentials, { days, seen }: { days?: string; seen?: (consent: Reply) => void } = {}) {
  return async (address: URL): Promise<URL> => {
    const until = address.searchParams.get('redirect_uri') as string;
    const browser = new Browserless();
    const page = await browser.open(address.href, until);
    const consent = await browser.submit(page, { login: person.email, password: person.password }, { until });
    seen?.(consent);
    const chosen = { decision: 'allow', ...(days !== undefined && { days }) };
    const { location } = await browser.submit(consent, chosen, { until });
    assert.ok(location, consent.body);
    return new URL(location);
  };
}

const level = async ({ client }: Agent, item = 'aspirin') =>
  (await client.callTool({ name: 'stock_level', arguments: { item } })).content;

describe('an agent', () => {
  let app: TestApp;
  let other: string;
  let tenant: NewTenant;
  let server: Server;
  let resource: string;
  let reader: { clientId: string; clientSecret: string };
  before(async () => {
    app = await startTestApp();
    other = await app.startProcess();
    tenant = await app.tenant();
    await updateTenantSettings(app.db, tenant.id, { clientRegistration: true }, systemCaller);
    const port = await freePort();
    resource = `http://localhost:${port}/mcp`;
    const { id } = await createResourceServer(
      app.db,
      { tenantId: null, identifier: resource, name: 'Stock tools' },
      systemCaller,
    );
    await defineCapability(app.db, { key: stockScope, description: 'See stock', resourceServerId: id }, systemCaller);
    reader = await app.service({ resourceServerId: id });
    server = createStockServer({ issuer: app.issuer, resource }).listen(port, 'localhost');
    await once(server, 'listening');
  });
  after(async () => {
    server?.close();
    server?.closeAllConnections();
    await app?.stop();
  });

  async function stockPerson() {
    const person = await app.person({ tenantId: tenant.id });
    const role = await createRole(app.db, { tenantId: tenant.id, capabilities: [stockScope] });
    await assign(app.db, { tenantId: tenant.id, userId: person.id, roleId: role.id });
    return person;
  }

  async function connected(person: Credentials, options: Partial<AgentOptions> = {}): Promise<Agent> {
    const scopes = ['openid', 'offline_access', stockScope];
    const policy = { redirectHosts: ['localhost'], scopes, mostUses: 1, tenantId: tenant.id, name: 'Agents' };
    const { token } = await createInitialAccessToken(app.db, policy, systemCaller);
    return connectAgent({
      server: resource,
      redirectUrl: 'http://127.0.0.1:1/callback',
      registration: { endpoint: `${app.issuer}/register`, token },
      openBrowser: headless(person),
      ...options,
    });
  }

  const discovered = () =>
    eventually(async () => {
      const document = await (await fetch(`${app.issuer}/.well-known/oauth-authorization-server`)).json();
      return (document as object & { registration_endpoint?: string }).registration_endpoint !== undefined;
    }, 'discovery tells of registration');

  it('finds its way from the address of a server alone, registers, and acts within what was asked', async () => {
    await discovered();
    const person = await stockPerson();
    let consent = '';
    const agent = await connected(person, {
      openBrowser: headless(person, { seen: ({ body }) => (consent = body.replace(/\s+/g, ' ')) }),
    });
    for (const text of [
      'Allow Stock assistant?',
      'acts in your name by itself',
      'How long may it act?',
      'In Stock tools',
    ])
      assert.ok(consent.includes(text), `${text} is missing in ${consent}`);
    assert.deepEqual(await level(agent), [
      { type: 'text', text: `aspirin: 1200, for ${person.id} by ${agent.kept.information?.client_id}` },
    ]);
    const { tokens } = agent.kept;
    const claims = decodeJwt(tokens?.access_token as string);
    assert.deepEqual([claims.aud, claims.scope], [resource, stockScope]);
    assert.ok(tokens?.refresh_token);
    await agent.close();
  });

  it('ends at the latest when the person said, and none of its tokens outlives that', async () => {
    const person = await stockPerson();
    const agent = await connected(person, { openBrowser: headless(person, { days: '1' }) });
    const clientId = agent.kept.information?.client_id as string;
    const grant = await app
      .db('oidc_payloads')
      .where({ model: 'Grant', clientId })
      .first('expiresAt', 'createdAt', 'grantId');
    const life = (grant.expiresAt.getTime() - grant.createdAt.getTime()) / 1000;
    assert.ok(Math.abs(life - day) < 600, String(life));
    const rows = await app.db('oidc_payloads').where({ grantId: grant.grantId }).select('model', 'expiresAt');
    assert.ok(rows.some(({ model }) => model === 'RefreshToken'));
    for (const { model, expiresAt } of rows) assert.ok(expiresAt <= new Date(grant.expiresAt.getTime() + 2000), model);
    // Over: the database's clock decides.
    await app
      .db('oidc_payloads')
      .where({ model: 'Grant', clientId })
      .update({ expiresAt: app.db.raw('now()') });
    const client = { clientId, clientSecret: '' };
    const refused = await refresh(other, client, agent.kept.tokens?.refresh_token as string);
    assert.equal(refused.body.error, 'invalid_grant');
    await agent.close();
  });

  it('takes no time that was not offered', async () => {
    const person = await stockPerson();
    await assert.rejects(connected(person, { openBrowser: headless(person, { days: '3650' }) }));
  });

  it('is held to the time of its registration, and one that is no agent says when it ends', async () => {
    const person = await app.person({ tenantId: tenant.id });
    const ask = async (metadata: object) => {
      const client = await app.relyingParty({ tenantId: tenant.id, firstParty: false, metadata: { ...metadata } });
      const party = await discover(app, client);
      const { address } = await startSignIn(party, { scope: 'openid' });
      return headless(person, { seen: ({ body }) => (consent = body) })(address);
    };
    let consent = '';
    await ask({ agent: true, consent_days: 14 });
    const offered = [...consent.matchAll(/<option value="(\d+)"( selected)?>/g)].map(([, days, is]) => [
      days,
      Boolean(is),
    ]);
    assert.deepEqual(offered, [
      ['1', false],
      ['7', false],
      ['14', true],
    ]);
    await ask({ consent_days: 5 });
    assert.match(consent, /This ends by itself after 5 days/);
    assert.doesNotMatch(consent, /<select|acts in your name/);
    await ask({});
    assert.doesNotMatch(consent, /<select|ends by itself/);
  });

  it('is shown to the person, who ends it at once at every process', async () => {
    const person = await stockPerson();
    const agent = await connected(person, { openBrowser: headless(person, { days: '7' }) });
    const client = { clientId: agent.kept.information?.client_id as string, clientSecret: '' };
    const { access_token: token, refresh_token: refreshToken } = agent.kept.tokens as {
      access_token: string;
      refresh_token: string;
    };
    const isActive = async (origin: string) => (await introspect(origin, reader, token)).body.active;
    assert.deepEqual([await isActive(app.issuer), await isActive(other)], [true, true]);

    const browser = new Browserless();
    const address = `${app.issuer}/account/applications`;
    let page = await browser.open(address);
    page = await browser.submit(page, { login: person.email, password: person.password });
    assert.match(page.body, /Stock assistant <span class="badge">Agent<\/span>/);
    assert.match(page.body.replace(/\s+/g, ' '), /Until \d+ \w+ \d{4}/);
    const grant = /name="grant" value="([^"]+)"/.exec(page.body)?.[1] as string;
    const forms = [...page.body.matchAll(/<form\b[^>]*>[\s\S]*?<\/form>/g)];
    await browser.submit(page, { grant }, { form: forms.findIndex(([form]) => form.includes(grant)) });
    // A second is what is promised; it is in the very statement.
    assert.deepEqual([await isActive(app.issuer), await isActive(other)], [false, false]);
    assert.equal((await refresh(other, client, refreshToken)).body.error, 'invalid_grant');
    const event = await app
      .db('audit_events')
      .where({ action: 'grant.withdrawn', entityId: person.id })
      .first('payload');
    assert.equal(event.payload.clientId, client.clientId);
    await agent.close();
  });

  it('is named by the audit trail where it changes something in a person’s name', async () => {
    const owner = await app.person({ tenantId: tenant.id });
    await give(app, { tenantId: tenant.id, userId: owner.id, role: 'owner' });
    const by = async (overrides: object) => {
      const client = await app.relyingParty({ tenantId: tenant.id, ...overrides });
      const management = { resource: `${app.issuer}/api/v1` };
      const scope = 'openid roles.manage roles.read';
      const party = await discover(app, client);
      const { tokens } = await signIn(party, owner, {
        parameters: { ...management, scope },
        tokenParameters: management,
      });
      const made = await asking(app, tokens.access_token)('POST', '/roles', { name: `By ${client.clientId}` });
      assert.equal(made.status, 201, JSON.stringify(made.body));
      const event = await app.db('audit_events').where({ entityId: made.body.id, action: 'role.created' }).first();
      assert.deepEqual([event.actorType, event.actorId], ['user', owner.id]);
      return { told: event.payload.client, clientId: client.clientId };
    };
    const agent = await by({ firstParty: false, metadata: { agent: true } });
    assert.equal(agent.told, agent.clientId);
    assert.equal((await by({ firstParty: true })).told, undefined);
  });

  describe('with a document about itself', () => {
    let host: DocumentHost;
    const usual = tls.getCACertificates('default');
    before(async function () {
      if (!hasOpenssl()) this.skip();
      host = await startDocumentHost();
      tls.setDefaultCACertificates([...usual, host.certificate]);
      await updateTenantSettings(app.db, tenant.id, { clientDocuments: true }, systemCaller);
    });
    after(async () => {
      tls.setDefaultCACertificates(usual);
      await host?.close();
    });

    it('needs no registration, and is told by its host', async () => {
      await eventually(async () => {
        const document = await (await fetch(`${app.issuer}/.well-known/oauth-authorization-server`)).json();
        return (document as Record<string, unknown>).client_id_metadata_document_supported === true;
      }, 'discovery tells of documents');
      const person = await stockPerson();
      const clientMetadataUrl = host.serve('/agent.json', {
        client_name: 'Notes',
        redirect_uris: ['http://127.0.0.1/callback'],
        grant_types: ['authorization_code', 'refresh_token'],
      });
      let consent = '';
      const seen = ({ body }: Reply) => {
        consent = body;
      };
      const openBrowser = headless(person, { seen });
      const agent = await connected(person, { clientMetadataUrl, registration: undefined, openBrowser });
      assert.match(consent, new RegExp(`Allow localhost:${host.port} \\(Notes\\)\\?`));
      assert.match(consent, /Nobody here knows this application/);
      assert.match(consent, /How long may it act\?/);
      assert.deepEqual(await level(agent, 'bandages'), [
        { type: 'text', text: `bandages: 340, for ${person.id} by ${clientMetadataUrl}` },
      ]);
      await agent.close();
    });
  });

  it('is refused by the server without a token, and with one for something else', async () => {
    const call = async (token?: string) => {
      const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
      const answer = await fetch(resource, { method: 'POST', headers, body: '{}' });
      return [answer.status, answer.headers.get('www-authenticate')] as const;
    };
    const [status, challenge] = await call();
    assert.equal(status, 401);
    const address = /resource_metadata="([^"]+)"/.exec(challenge ?? '')?.[1] as string;
    const metadata = await (await fetch(address)).json();
    assert.deepEqual(metadata, {
      resource,
      authorization_servers: [app.issuer],
      scopes_supported: ['openid', 'offline_access', stockScope],
    });
    const person = await stockPerson();
    const party = await discover(app, await app.relyingParty());
    const { tokens } = await signIn(party, person, { parameters: { scope: 'openid' } });
    assert.equal(await userinfoStatus(app.issuer, tokens.access_token), 200);
    assert.equal((await call(tokens.access_token))[0], 401);
  });
});

describe('npm run example -- mcp', function () {
  this.timeout(180_000);
  it('shows all of it, beside a server with the sample content', async () => {
    const sample = await startSampleApp();
    const { app } = sample;
    const port = await freePort();
    const child = spawn(process.execPath, ['examples/run.ts', 'mcp'], {
      env: {
        ...processEnvironment(),
        NODE_ENV: 'test',
        DATA_DIR: app.config.dataDirectory,
        DATABASE_URL: app.databaseUrl,
        SECRET_KEY: app.config.secretKeys[0] as string,
        // The server of the example is ten ports above.
        PORT: String(port - 10),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    try {
      let output = '';
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
      const asked = () => /^ {2}(http\S+\/authorize\?\S+)$/m.exec(output)?.[1];
      await eventually(async () => asked() !== undefined || child.exitCode !== null, 'the agent asks');
      assert.ok(asked(), output);
      const [person] = sample.accounts.people;
      await fetch(await headless(person as Credentials)(new URL(asked() as string)));
      if (child.exitCode === null) await once(child, 'exit');
      assert.equal(child.exitCode, 0, output);
      assert.match(output, /The server has: stock_level/);
      assert.match(output, /aspirin: 1200, for [0-9a-f-]{36} by /);
    } finally {
      if (child.exitCode === null) child.kill('SIGTERM');
      await sample.stop();
    }
  });
});
