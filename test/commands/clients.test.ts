import assert from 'node:assert/strict';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { exportJWK, generateKeyPair } from 'jose';
import { readClientMetadata, readJwks } from '../../src/commands/frame/json-file.ts';
import { verifyClientSecret } from '../../src/domain/clients/clients.ts';
import type { TestApp } from '../support/app.ts';
import { postAs } from '../support/endpoints.ts';
import { createServerBench, type Run, type ServerBench } from './run-gatehouse.ts';

describe('commands about applications', function () {
  this.timeout(120_000);
  let bench: ServerBench;
  let app: TestApp;
  before(async () => {
    bench = await createServerBench();
    app = bench.app;
  });
  after(() => bench?.close());

  function run(...words: string[]): Promise<Run> {
    return bench.run(...words);
  }

  async function file(name: string, content: unknown): Promise<string> {
    const path = join(bench.directory, name);
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
        '--id-token-claims',
        'lean',
        '--claim',
        'groups=roles',
        '--constant-claim',
        'environment=a=b',
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
    const mapping = { groups: { from: 'roles' }, environment: { value: 'a=b' } };
    assert.deepEqual([exempt?.id_token_claims, exempt?.claim_mapping], ['lean', mapping]);
    const change = ['clients', 'update', older.json.client_id, '--tenant', 'acme', '--id-token-claims', 'all'];
    const changed = await run(...change, '--claim-mapping', '{"upn":{"from":"email"}}', '--json');
    assert.equal(changed.code, 0, changed.stderr);
    const { id_token_claims, claim_mapping } = changed.json.metadata;
    assert.deepEqual([id_token_claims, claim_mapping], ['all', { upn: { from: 'email' } }]);
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
      [[...spa, '--auth-method', 'client_secret_basic'], 3, /everybody who has a spa client has its secret/],
      [[...web, ...callback, '--claim', 'sub=email'], 3, /claim_mapping "sub" belongs to the protocol/],
      [
        [...web, ...callback, '--default-api', 'https://nowhere.example/'],
        3,
        /default_resource .*is the identifier of no API/,
      ],
      [[...web, ...callback, '--claim', 'groups'], 2, /write <claim>=<what it is>/],
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
    await assert.rejects(readJwks(join(bench.directory, 'missing.json')), /cannot be read \(ENOENT\)/);
    const uris = await file('uris.json', { redirect_uris: 'https://a.example/' });
    await assert.rejects(readClientMetadata(uris), /no list of strings/);
    const name = await file('name.json', { client_name: 'App' });
    await assert.rejects(readClientMetadata(name), /leave out client_name; use --name/);
  });
});
