import assert from 'node:assert/strict';
import type { AdapterPayload } from 'oidc-provider';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import type { DocumentClient } from '../../../src/domain/clients/document-clients.ts';
import { readClientDocument } from '../../../src/domain/registration/client-documents.ts';
import { updateTenantSettings } from '../../../src/domain/tenants/tenants.ts';
import { createDocumentClients, type DocumentClientsOptions } from '../../../src/oidc/storage/document-clients.ts';
import { createAddressLimits } from '../../../src/platform/address-limits.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import { createOutboundFetch, type OutboundOptions } from '../../../src/platform/network/outbound.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { type DocumentHost, startDocumentHost, startNameServer } from '../../support/document-host.ts';
import { createTenant } from '../../support/factories.ts';
import { hasOpenssl } from '../../support/openssl.ts';

const id = 'https://app.example.test/client.json';
const valid = { client_id: id, client_name: 'App', redirect_uris: ['https://app.example.test/callback'] };

describe('the document of a client', () => {
  const fault = (document: unknown, clientId = id) => {
    try {
      readClientDocument(clientId, document);
      return undefined;
    } catch (error) {
      return (error as { params: { field?: string } }).params.field;
    }
  };

  it('is told by the host before its own name, and asks for what it may', () => {
    const read = readClientDocument(id, {
      ...valid,
      client_name: 'Bank (bank.example)',
      first_party: true,
      kind: 'web',
    });
    assert.deepEqual(read, {
      clientId: id,
      kind: 'spa',
      name: 'app.example.test (Bank bank.example)',
      metadata: {
        redirect_uris: valid.redirect_uris,
        agent: true,
        grant_types: ['authorization_code'],
        token_endpoint_auth_method: 'none',
      },
    } satisfies DocumentClient);
    const local = readClientDocument(id, { ...valid, redirect_uris: ['http://127.0.0.1/callback'] });
    assert.equal(local.kind, 'native');
  });

  it('is at one spelling of an https address with a path, by a name', () => {
    for (const address of [
      'https://app.example.test',
      'https://app.example.test/',
      'http://app.example.test/client.json',
      'https://APP.example.test/client.json',
      'https://app.example.test:443/client.json',
      'https://app.example.test/a/../client.json',
      'https://app.example.test/%2e%2e/client.json',
      'https://user@app.example.test/client.json',
      'https://app.example.test/client.json?a=b',
      'https://app.example.test/client.json?',
      'https://app.example.test/client.json#a',
      'https://127.0.0.1/client.json',
      'https://[::1]/client.json',
      'https://2130706433/client.json',
      'https:app.example.test/client.json',
      'https://app.example.test\\client.json',
      `https://app.example.test/${'a'.repeat(250)}`,
    ])
      assert.equal(fault({ ...valid, client_id: address }, address), 'client_id', address);
  });

  it('is about its own address, has no secret, and leads nowhere else', () => {
    const cases: [object, string][] = [
      [{ client_id: 'https://app.example.test/other.json' }, 'client_id'],
      [{ client_id: undefined }, 'client_id'],
      [{ client_secret: 'x' }, 'client_secret'],
      [{ token_endpoint_auth_method: 'client_secret_basic' }, 'token_endpoint_auth_method'],
      [{ redirect_uris: ['https://evil.test/callback'] }, 'redirect_uris'],
      [{ redirect_uris: ['https://app.example.test:8443/callback'] }, 'redirect_uris'],
      [{ redirect_uris: ['http://app.example.test/callback'] }, 'redirect_uris'],
      [{ redirect_uris: [...valid.redirect_uris, 'com.example.app:/callback'] }, 'redirect_uris'],
      [{ redirect_uris: [] }, 'redirect_uris'],
      [{ jwks_uri: 'https://evil.test/jwks' }, 'jwks_uri'],
      [{ policy_uri: 'javascript:alert(1)' }, 'policy_uri'],
      [{ grant_types: ['client_credentials'] }, 'grant_types'],
      [{ client_name: 'A\u202eB' }, 'client_name'],
    ];
    for (const [change, field] of cases) assert.equal(fault({ ...valid, ...change }), field, JSON.stringify(change));
    for (const nothing of [null, [], 'text', 1]) assert.ok(fault(nothing));
  });
});

describe('fetching the document of a client', () => {
  let database: TestDatabase;
  let db: Database;
  let host: DocumentHost;
  before(async function () {
    if (!hasOpenssl()) this.skip();
    database = await createTestDatabase();
    db = createDatabase({ url: database.url, poolMax: 4 });
    const tenant = await createTenant(db);
    await updateTenantSettings(db, tenant.id, { clientDocuments: true }, systemCaller);
    host = await startDocumentHost(['localhost', 'app.example.test']);
  });
  after(async () => {
    await host?.close();
    await db?.destroy();
    await database?.drop();
  });
  beforeEach(async () => {
    host.requests.length = 0;
    await db('rate_limits').delete();
  });

  const limits = createAddressLimits({ trustedNetworks: [], numbers: {} });
  const outbound = (options: Partial<OutboundOptions> = {}) =>
    createOutboundFetch({
      allowedNetworks: ['127.0.0.1'],
      timeoutMs: 60_000,
      maxBytes: 64 * 1024,
      ca: host.certificate,
      ...options,
    }) as typeof fetch;
  const clients = (options: Partial<DocumentClientsOptions> = {}) =>
    createDocumentClients(
      { db, limits, fetch: outbound(), ...options },
      (row) => ({ client_id: row.clientId, client_name: row.name, ...row.metadata }) as AdapterPayload,
    );
  const redirects = () => ({ redirect_uris: [host.address('/callback')] });
  const refused = (reason: RegExp) => (error: { error?: string; error_description?: string }) => {
    assert.equal(error.error, 'invalid_client');
    assert.match(error.error_description ?? '', reason);
    assert.doesNotMatch(error.error_description ?? '', /127\./);
    return true;
  };

  it('asks once for many at once, and not again while it counts', async () => {
    const url = host.serve('/once.json', { ...redirects(), client_name: 'Once' });
    const known = clients();
    const found = await Promise.all(Array.from({ length: 50 }, () => known.find(url)));
    assert.equal(new Set(found).size, 1);
    assert.equal(found[0]?.client_name, `localhost:${host.port} (Once)`);
    await known.find(url);
    assert.deepEqual(host.requests, ['/once.json']);
  });

  it('takes what the document says now once its time is over, and the same object where it says the same', async () => {
    const url = host.serve('/changes.json', { ...redirects(), client_name: 'Before' });
    const known = clients({ fresh: { least: 0, most: 0 } });
    const first = await known.find(url);
    assert.equal(await known.find(url), first);
    host.serve('/changes.json', { redirect_uris: [host.address('/elsewhere')], client_name: 'After' });
    assert.deepEqual((await known.find(url))?.redirect_uris, [host.address('/elsewhere')]);
    host.serve('/changes.json', { client_id: host.address('/once.json'), ...redirects() });
    await assert.rejects(known.find(url), refused(/about another address/));
    host.serve('/changes.json', redirects());
    await assert.rejects(known.find(url), refused(/another address/), 'what was wrong is not asked for again at once');
  });

  it('goes on by what it read before where its host is away', async () => {
    const url = host.serve('/away.json', redirects());
    let isAway = false;
    const real = outbound();
    const known = clients({
      fresh: { least: 0, most: 0 },
      fetch: (input, init) =>
        (isAway ? outbound({ lookup: () => Promise.reject(new Error('away')) }) : real)(input, init),
    });
    const first = await known.find(url);
    isAway = true;
    assert.equal(await known.find(url), first);
  });

  it('refuses what is missing, no JSON, large, compressed, elsewhere by redirect, or slow', async () => {
    const json = { 'content-type': 'application/json' };
    const cases: [string, Parameters<DocumentHost['serve']>[1], RegExp][] = [
      ['/missing.json', (_req, res) => res.writeHead(404).end(), /status 404/],
      ['/created.json', (_req, res) => res.writeHead(201, json).end('{}'), /status 201/],
      ['/page.json', (_req, res) => res.writeHead(200, { 'content-type': 'text/html' }).end('{}'), /no JSON/],
      ['/broken.json', (_req, res) => res.writeHead(200, json).end('{'), /no JSON/],
      ['/long.json', { ...redirects(), jwks: { keys: [], more: 'x'.repeat(17_000) } }, /longer than 16 KiB/],
      ['/huge.json', (_req, res) => res.writeHead(200, json).end('x'.repeat(100_000)), /cannot be fetched/],
      [
        '/moved.json',
        (_req, res) => res.writeHead(302, { location: host.address('/once.json') }).end(),
        /cannot be fetched/,
      ],
      [
        '/zipped.json',
        (_req, res) => res.writeHead(200, { ...json, 'content-encoding': 'gzip' }).end('x'),
        /cannot be fetched/,
      ],
    ];
    host.serve('/once.json', redirects());
    const known = clients();
    for (const [path, answer, reason] of cases)
      await assert.rejects(known.find(host.serve(path, answer)), refused(reason), path);
    assert.ok(!host.requests.includes('/once.json'), 'no redirect is followed');
    const drips = host.serve('/slow.json', (_req, res) => void res.writeHead(200, json).write('{'));
    await assert.rejects(clients({ fetch: outbound({ timeoutMs: 100 }) }).find(drips), refused(/cannot be fetched/));
  });

  it('reaches no private address, whatever a name server says, and asks it once', async () => {
    const url = host.serve(
      '/client.json',
      { redirect_uris: [host.address('/', 'app.example.test')] },
      'app.example.test',
    );
    const inside = await startNameServer(() => '127.0.0.1');
    // Rebinding: first an address that passes, from then on the inside. Nobody answers at the first.
    const rebinding = await startNameServer((before) => (before === 0 ? '127.0.0.2' : '127.0.0.1'));
    try {
      const strict = clients({ fetch: outbound({ allowedNetworks: [], lookup: inside.lookup }) });
      await assert.rejects(strict.find(url), refused(/cannot be fetched/));
      assert.equal(inside.asked(), 1);
      const bound = clients({ fetch: outbound({ allowedNetworks: ['127.0.0.2'], lookup: rebinding.lookup }) });
      await assert.rejects(bound.find(url), refused(/cannot be fetched/));
      assert.equal(rebinding.asked(), 1, 'the address that was checked is the one that is called');
      assert.deepEqual(host.requests, []);
      const allowed = clients({ fetch: outbound({ lookup: inside.lookup }) });
      assert.ok(await allowed.find(url), 'the same server is reached where it may be');
    } finally {
      inside.close();
      rebinding.close();
    }
  });

  it('fetches no more than a few at one host', async () => {
    const known = clients();
    const results = await Promise.allSettled(
      Array.from({ length: 15 }, async (_, n) => {
        for (let m = 0; m < 12; m += 1)
          await known.find(host.address(`/nothing-${n}-${m}.json`)).catch(passUnlessLimit);
      }),
    );
    assert.ok(
      results.some(({ status }) => status === 'rejected'),
      'the limit is reached',
    );
    assert.equal(host.requests.length, 120);
  });

  it('knows of none where no tenant lets such clients in, and asks nobody', async () => {
    const url = host.serve('/off.json', redirects());
    const known = clients();
    const before = await db('tenants').select('id', 'settings');
    await db('tenants').update({ settings: {} });
    assert.equal(await known.find(url), undefined);
    for (const { id: tenant, settings } of before) await db('tenants').where({ id: tenant }).update({ settings });
    assert.deepEqual(host.requests, []);
    assert.ok(await known.find(url));
  });
});

function passUnlessLimit(error: { code?: string }): void {
  if (error.code === 'TOO_MANY_ATTEMPTS') throw error;
}
