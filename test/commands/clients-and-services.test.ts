import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { createClientCheck } from '../../src/commands/client-check.ts';
import { checkKind } from '../../src/commands/clients.ts';
import { readClientMetadata, readJwks } from '../../src/commands/json-file.ts';
import type { CommandContext } from '../../src/commands/with-database.ts';
import { verifyClientSecret } from '../../src/domain/clients/clients.ts';
import type { DomainError } from '../../src/platform/errors.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { introspect, postAs } from '../support/endpoints.ts';
import { type Run, runGatehouse } from './run-gatehouse.ts';

describe('commands about applications, services and APIs', function () {
  this.timeout(60_000);
  let app: TestApp;
  let directory: string;
  let environment: Record<string, string>;
  before(async () => {
    app = await startTestApp({ runJobs: true });
    await app.tenant({ slug: 'acme', name: 'Acme' });
    directory = await mkdtemp(join(tmpdir(), 'gatehouse-clients-'));
    environment = {
      NODE_ENV: 'test',
      DATABASE_URL: app.databaseUrl,
      DATA_DIR: directory,
      ISSUER: app.issuer,
      SECRET_KEY: app.config.secretKeys[0] ?? '',
      METRICS_PORT: '0',
    };
    // Starting jobs makes the tables of their queue.
    await waitForQueue();
  });
  after(async () => {
    await app.stop();
    await rm(directory, { recursive: true, force: true });
  });

  async function waitForQueue(): Promise<void> {
    for (let tries = 0; tries < 100; tries++) {
      const found = await app.db.raw(`select to_regclass('graphile_worker._private_jobs') is not null as made`);
      if (found.rows[0].made) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    throw new Error('the job queue was not made');
  }

  function run(...words: string[]): Promise<Run> {
    return runGatehouse(words, environment);
  }

  async function file(name: string, content: unknown): Promise<string> {
    const path = join(directory, name);
    await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content));
    return path;
  }

  const callback = ['--redirect-uri', 'https://app.example.com/callback'];
  const web = ['clients', 'create', '--name', 'App', '--kind', 'web'];

  it('registers an application that the server takes, and shows its secret once', async () => {
    const made = await run(
      ...web,
      ...callback,
      '--redirect-uri',
      'http://localhost:4000/callback',
      '--post-logout-redirect-uri',
      'https://app.example.com/',
      '--first-party',
      '--client-id',
      'my-app',
      '--json',
    );
    assert.equal(made.code, 0, made.stderr);
    assert.equal(made.stderr, '');
    const { client_id, client_secret, issuer, discovery, first_party, tenant, redirect_uris } = made.json;
    assert.equal(client_id, 'my-app');
    assert.match(client_secret, /^ghs_[\w-]{43}$/);
    assert.equal(issuer, app.issuer);
    assert.equal((await (await fetch(discovery)).json()).issuer, app.issuer);
    assert.deepEqual([first_party, tenant, redirect_uris.length], [true, null, 2]);
    assert.equal(await verifyClientSecret(app.db, client_id, client_secret), true);

    const known = await app.server.provider().Client.find('my-app');
    assert.equal(known?.redirectUriAllowed('https://app.example.com/callback'), true);
    const answer = await postAs(
      `${app.issuer}/token`,
      { clientId: client_id, clientSecret: client_secret },
      { grant_type: 'authorization_code', code: 'none', redirect_uri: 'https://app.example.com/callback' },
    );
    assert.equal(answer.body.error, 'invalid_grant');

    const list = await run('clients', 'list', '--json');
    const [listed] = list.json.clients;
    assert.deepEqual([listed.client_id, listed.state, listed.live_secrets], ['my-app', 'active', 1]);
    assert.ok(!list.stdout.includes(client_secret));
    const [event] = await app
      .db('audit_events')
      .where({ entityId: 'my-app' })
      .select('action', 'actor_type', 'payload');
    assert.deepEqual([event.action, event.actorType], ['client.created', 'system']);
    assert.ok(!JSON.stringify(event).includes(client_secret));
  });

  it('registers public, device and key-holding clients, with metadata of a file', async () => {
    const { publicKey } = await generateKeyPair('ES256', { extractable: true });
    const jwks = await file('public.json', { keys: [{ ...(await exportJWK(publicKey)), kid: 'a', alg: 'ES256' }] });
    const metadata = await file('metadata.json', {
      policy_uri: 'https://app.example.com/privacy',
      token_endpoint_auth_signing_alg: 'ES256',
    });
    const [spa, tv, partner, older] = await Promise.all([
      run('clients', 'create', '--name', 'Spa', '--kind', 'spa', '--redirect-uri', 'http://localhost:5173/', '--json'),
      run('clients', 'create', '--name', 'TV', '--kind', 'native', '--grant-type', 'device_code', '--json'),
      run(
        ...web,
        ...callback,
        '--tenant',
        'acme',
        '--auth-method',
        'private_key_jwt',
        '--jwks-file',
        jwks,
        '--metadata-file',
        metadata,
        '--json',
      ),
      run(
        ...web,
        ...callback,
        '--no-require-pkce',
        '--backchannel-logout-uri',
        'https://app.example.com/bcl',
        '--json',
      ),
    ]);
    for (const { code, stderr } of [spa, tv, partner, older]) assert.equal(code, 0, stderr);
    assert.equal(spa.json.client_secret, undefined);
    assert.equal(spa.json.token_endpoint_auth_method, 'none');
    assert.deepEqual(tv.json.grant_types, ['urn:ietf:params:oauth:grant-type:device_code']);
    assert.equal(partner.json.client_secret, undefined);
    const { Client } = app.server.provider();
    const found = await Client.find(partner.json.client_id);
    assert.equal(found?.policyUri, 'https://app.example.com/privacy');
    assert.equal(found?.clientAuthMethod, 'private_key_jwt');
    const acme = await app.db('tenants').where({ slug: 'acme' }).first('id');
    assert.equal(found?.tenant_id, acme.id);
    const exempt = await Client.find(older.json.client_id);
    assert.deepEqual([exempt?.require_pkce, exempt?.backchannelLogoutUri], [false, 'https://app.example.com/bcl']);
    const device = await postAs(
      `${app.issuer}/device/authorize`,
      { clientId: tv.json.client_id, clientSecret: '' },
      {},
    );
    assert.equal(device.status, 200);
  });

  it('refuses what the server would refuse at runtime, says why, and registers nothing', async () => {
    const typo = await file('typo.json', { redirect_urls: ['https://app.example.com/callback'] });
    const ours = await file('ours.json', { client_secret: 'chosen-by-somebody' });
    const count = () => app.db('clients').count('id as n').first();
    const before = await count();
    const spa = ['clients', 'create', '--name', 'Spa', '--kind', 'spa', '--redirect-uri', 'http://localhost:1/'];
    const cases: [words: string[], code: number, said: RegExp][] = [
      [
        [...web, '--redirect-uri', 'http://app.example.com/cb'],
        3,
        /redirect_uris "http:\/\/app\.example\.com\/cb" cannot be used: give https/,
      ],
      [[...web, ...callback, '--auth-method', 'private_key_jwt'], 3, /invalid_client_metadata: .*jwks/],
      [[...web, ...callback, '--metadata-file', typo], 3, /knows nothing of redirect_urls/],
      [[...web, ...callback, '--client-id', 'my-app'], 3, /client_id is taken already.* \[DUPLICATE\]/],
      [[...spa, '--auth-method', 'client_secret_basic'], 3, /whoever has a spa client has its secret/],
      [[...web, ...callback, '--metadata-file', ours], 2, /leave out client_secret/],
    ];
    // Two at once: there are two cores.
    for (let first = 0; first < cases.length; first += 2) {
      await Promise.all(
        cases.slice(first, first + 2).map(async ([words, code, said]) => {
          const { stdout, stderr, code: ended } = await run(...words);
          assert.equal(ended, code, `${words.join(' ')}: ${stderr}`);
          assert.match(stderr, said);
          assert.doesNotMatch(stderr, /\n\s+at /);
          assert.equal(stdout, '');
        }),
      );
    }
    assert.deepEqual(await count(), before);
  });

  it('checks a client by the rules of the server', () => {
    const context = { config: app.config, db: app.db, secrets: app.secrets } as CommandContext;
    const check = createClientCheck(context);
    const judge = (metadata: Record<string, unknown>) =>
      check({
        id: newId(),
        tenantId: null,
        clientId: 'judged',
        kind: 'web',
        name: 'Judged',
        state: 'active',
        firstParty: false,
        resourceServerId: null,
        metadata: { redirect_uris: ['https://app.example.com/callback'], ...metadata },
      });
    const refused: [metadata: Record<string, unknown>, reason: RegExp][] = [
      [{ grant_types: ['password'] }, /grant_types/],
      [{ id_token_signed_response_alg: 'HS256' }, /id_token_signed_response_alg/],
      [{ response_types: ['id_token'] }, /response_types/],
      [{ token_endpoint_auth_method: 'client_secret_jwt' }, /token_endpoint_auth_method/],
      [{ backchannel_logout_uri: 'not an address' }, /backchannel_logout_uri/],
      [{ subject_type: 'pairwise' }, /subject_type/],
      [{ sector_identifier_uri: 'https://app.example.com/sector.json' }, /not supported/],
      [{ redirect_uris: [] }, /redirect_uris/],
      [{ logo_uri: 'javascript:alert(1)' }, /logo_uri/],
      [{ scope: 'openid everything' }, /scope/],
    ];
    judge({});
    judge({ logo_uri: 'https://app.example.com/logo.svg', require_pkce: false, contacts: ['ops@example.com'] });
    for (const [metadata, reason] of refused) {
      assert.throws(
        () => judge(metadata),
        (error: DomainError) => error.code === 'INVALID_INPUT' && reason.test(String(error.params.reason)),
        JSON.stringify(metadata),
      );
    }
  });

  it('keeps each kind of client to what it can be', () => {
    const refused = { code: 'INVALID_INPUT' };
    const spa = { kind: 'spa', requirePkce: true } as const;
    const web = { kind: 'web', requirePkce: false } as const;
    checkKind(spa, undefined, undefined);
    checkKind(web, 'private_key_jwt', ['authorization_code']);
    assert.throws(() => checkKind(spa, 'client_secret_post', undefined), refused);
    assert.throws(() => checkKind({ ...spa, requirePkce: false }, undefined, undefined), refused);
    assert.throws(() => checkKind(web, 'none', undefined), refused);
    assert.throws(() => checkKind(web, undefined, ['client_credentials']), refused);
  });

  it('reads public keys and metadata of files that are what they say', async () => {
    const { privateKey } = await generateKeyPair('ES256', { extractable: true });
    const cases: [name: string, content: unknown, said: RegExp][] = [
      ['text.json', 'no JSON', /is no JSON$/],
      ['list.json', [], /is no JSON object/],
      ['empty.json', { keys: [] }, /is no JWK Set/],
      ['broken.json', { keys: [{ kty: 'EC', crv: 'P-256' }] }, /key 1 is no public key/],
      ['private.json', { keys: [await exportJWK(privateKey)] }, /private or secret/],
      ['oct.json', { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] }, /private or secret/],
    ];
    for (const [name, content, said] of cases) await assert.rejects(readJwks(await file(name, content)), said);
    await assert.rejects(readJwks(join(directory, 'missing.json')), /cannot be read \(ENOENT\)/);
    const uris = await file('uris.json', { redirect_uris: 'https://a.example/' });
    await assert.rejects(readClientMetadata(uris), /no list of strings/);
    const name = await file('name.json', { client_name: 'App' });
    await assert.rejects(readClientMetadata(name), /leave out client_name; use --name/);
  });

  it('registers an API and a service that gets tokens for it, and rotates its secret with an overlap', async () => {
    const api = await run(
      'apis',
      'create',
      '--identifier',
      'https://stock.example/',
      '--name',
      'Stock',
      '--capability',
      'stock.read=See stock',
      '--json',
    );
    assert.equal(api.code, 0, api.stderr);
    assert.deepEqual(api.json.capabilities, ['stock.read']);
    const more = ['capabilities', 'create', '--key', 'stock.write', '--description', 'Change stock'];
    const defined = await run(...more, '--api', 'https://stock.example/', '--json');
    assert.deepEqual([defined.json.created, defined.json.resource_server_id], [true, api.json.id]);
    const service = ['services', 'create', '--name', 'Sync', '--tenant', 'acme'];
    const [made, guard] = await Promise.all([
      run(...service, '--capability', 'stock.read', '--capability', 'stock.write', '--json'),
      run('services', 'create', '--name', 'Stock API', '--api', 'https://stock.example/', '--json'),
    ]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(guard.code, 0, guard.stderr);

    const clientId = made.json.client_id;
    const tokenFor = (clientSecret: string) =>
      postAs(`${app.issuer}/token`, { clientId, clientSecret }, { grant_type: 'client_credentials' });
    const first = await tokenFor(made.json.client_secret);
    assert.equal(first.status, 200, JSON.stringify(first.body));
    assert.equal(first.body.scope, 'stock.read stock.write');
    const asked = { clientId: guard.json.client_id, clientSecret: guard.json.client_secret };
    assert.equal((await introspect(app.issuer, asked, first.body.access_token)).body.active, true);

    const overlapping = await run('services', 'rotate-secret', clientId, '--overlap', '600', '--json');
    assert.equal(overlapping.code, 0, overlapping.stderr);
    assert.equal((await tokenFor(made.json.client_secret)).status, 200);
    assert.equal((await tokenFor(overlapping.json.client_secret)).status, 200);
    const last = await run('clients', 'rotate-secret', clientId, '--json');
    assert.equal((await tokenFor(overlapping.json.client_secret)).status, 401);
    assert.equal((await tokenFor(last.json.client_secret)).status, 200);

    const disabled = await run('clients', 'disable', clientId, '--json');
    assert.deepEqual(disabled.json, { client_id: clientId, state: 'disabled' });
    assert.equal((await tokenFor(last.json.client_secret)).status, 401);
    assert.equal((await introspect(app.issuer, asked, first.body.access_token)).body.active, false);
    const stored = JSON.stringify(await app.db('audit_events').select('payload'));
    for (const run of [made, overlapping, last]) assert.ok(!stored.includes(run.json.client_secret));
  });

  it('refuses unknown capabilities and APIs, scopes of another API, and secrets of what has none', async () => {
    const spa = await app.db('clients').where({ kind: 'spa' }).first('client_id');
    const runs = await Promise.all([
      run('services', 'create', '--name', 'X', '--capability', 'no.such'),
      run('services', 'create', '--name', 'X', '--api', 'https://nowhere.example/'),
      run('apis', 'create', '--identifier', 'https://other.example/', '--name', 'Other', '--capability', 'stock.read'),
      run('services', 'rotate-secret', 'my-app'),
      run('clients', 'rotate-secret', spa.clientId),
    ]);
    const codes = runs.map(({ code, stderr }) => `${code} ${/\[(\w+)\]/.exec(stderr)?.[1]}`);
    assert.deepEqual(codes, ['3 INVALID_INPUT', '3 NOT_FOUND', '3 DUPLICATE', '3 NOT_FOUND', '3 INVALID_INPUT']);
    assert.equal(await app.db('resource_servers').where({ identifier: 'https://other.example/' }).first(), undefined);
  });

  it('lists APIs and capabilities', async () => {
    const [apis, capabilities, text] = await Promise.all([
      run('apis', 'list', '--json'),
      run('capabilities', 'list', '--json'),
      run('clients', 'list', '--kind', 'service'),
    ]);
    assert.deepEqual(
      apis.json.apis.map((api: { identifier: string; capabilities: string[] }) => [api.identifier, api.capabilities]),
      [['https://stock.example/', ['stock.read', 'stock.write']]],
    );
    assert.deepEqual(
      capabilities.json.capabilities.map(({ key, description }: { key: string; description: string }) => [
        key,
        description,
      ]),
      [
        ['stock.read', 'See stock'],
        ['stock.write', 'Change stock'],
      ],
    );
    assert.match(text.stdout, /^CLIENT_ID +NAME /);
    assert.match(text.stdout, /^\w+ +Sync +service +disabled +yes +acme +1$/m);
    assert.match(text.stdout, /^\w+ +Stock API +service +active +yes +all +1$/m);
  });

  it('lists the signing keys without their private part and rotates them under a running server', async () => {
    const before = await run('keys', 'list', '--json');
    assert.deepEqual(
      before.json.keys.map(({ alg, state }: { alg: string; state: string }) => `${alg} ${state}`).sort(),
      ['ES256 current', 'ES256 next', 'RS256 current', 'RS256 next'],
    );
    assert.doesNotMatch(before.stdout, /sealed|"d"|private/);
    const rotated = await run('keys', 'rotate', '--json');
    assert.deepEqual(rotated.json.rotated, ['RS256', 'ES256']);
    assert.equal(rotated.json.keys.length, 6);
    const kids = async () => {
      const { keys } = (await (await fetch(`${app.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
      return keys.map(({ kid }) => kid).sort();
    };
    const wanted = rotated.json.keys.map(({ kid }: { kid: string }) => kid).sort();
    for (let tries = 0; tries < 50 && (await kids()).length < 6; tries++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await kids(), wanted);
  });
});
