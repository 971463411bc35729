import assert from 'node:assert/strict';
import { exportJWK, generateKeyPair } from 'jose';
import { defineCapability } from '../../../src/domain/access/capabilities.ts';
import { systemCaller } from '../../../src/domain/audit/audit-events.ts';
import { isAcceptableRedirectUri } from '../../../src/domain/clients/client-metadata.ts';
import {
  createClient,
  createService,
  type NewClient,
  rotateClientSecret,
  verifyClientSecret,
} from '../../../src/domain/clients/clients.ts';
import { listClients } from '../../../src/domain/clients/list-clients.ts';
import { createResourceServer } from '../../../src/domain/resource-servers/resource-servers.ts';
import { createDatabase, type Database } from '../../../src/platform/database.ts';
import type { DomainError } from '../../../src/platform/errors.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { createTenant } from '../../support/factories.ts';

async function publicKeys() {
  const { publicKey } = await generateKeyPair('ES256', { extractable: true });
  return { keys: [{ ...(await exportJWK(publicKey)), alg: 'ES256' }] };
}

describe('clients', () => {
  let database: TestDatabase;
  let db: Database;
  before(async () => {
    database = await createTestDatabase();
    db = createDatabase({ url: database.url });
  });
  after(async () => {
    await db?.destroy();
    await database?.drop();
  });

  it('take redirect URIs that keep the code from others', () => {
    for (const uri of ['https://app.example/cb', 'http://localhost:4000/cb', 'http://127.0.0.1/cb', 'http://[::1]/cb'])
      assert.equal(isAcceptableRedirectUri(uri, 'web'), true, uri);
    assert.equal(isAcceptableRedirectUri('com.example.app:/cb', 'native'), true);
    for (const uri of [
      'http://app.example/cb',
      'https://app.example/cb#part',
      'https://*.example/cb',
      'https://name:word@app.example/cb',
      'javascript:alert(1)',
      'data:text/html,x',
      'com.example.app:/cb',
      '/cb',
      '',
    ])
      assert.equal(isAcceptableRedirectUri(uri, 'web'), false, uri);
    assert.equal(isAcceptableRedirectUri('myapp:/cb', 'native'), false, 'a scheme in reverse domain form alone');
  });

  it('are what their kind can be', async () => {
    const make = (kind: NewClient['kind'], metadata: Record<string, unknown> = {}) =>
      createClient(
        db,
        { tenantId: null, kind, name: 'App', redirectUris: ['https://app.example/cb'], metadata },
        systemCaller,
      );
    assert.equal((await make('spa')).client.metadata.token_endpoint_auth_method, 'none');
    const partner = await make('web', {
      require_pkce: false,
      token_endpoint_auth_method: 'private_key_jwt',
      jwks: await publicKeys(),
    });
    assert.equal(partner.clientSecret, undefined);
    const tv = await make('native', {
      grant_types: ['urn:ietf:params:oauth:grant-type:device_code'],
      redirect_uris: [],
    });
    assert.deepEqual(tv.client.metadata.response_types, []);
    const told = await make('web', { backchannel_logout_uri: 'https://app.example/bcl' });
    assert.equal(told.client.metadata.backchannel_logout_session_required, true);

    const before = await db('clients').count('* as n').first();
    const refused: [kind: NewClient['kind'], metadata: Record<string, unknown>, field: string][] = [
      ['spa', { token_endpoint_auth_method: 'client_secret_post' }, 'token_endpoint_auth_method'],
      ['native', { token_endpoint_auth_method: 'client_secret_basic' }, 'token_endpoint_auth_method'],
      ['spa', { require_pkce: false }, 'require_pkce'],
      ['web', { require_pkce: false, token_endpoint_auth_method: 'none' }, 'require_pkce'],
      ['web', { grant_types: ['client_credentials'] }, 'grant_types'],
      ['web', { grant_types: 'authorization_code' }, 'grant_types'],
      ['web', { redirect_uris: 'https://app.example/cb' }, 'redirect_uris'],
      ['web', { redirect_uris: [1] }, 'redirect_uris'],
      ['web', { client_secret: 'chosen by somebody' }, 'client_secret'],
      ['web', { first_party: true }, 'first_party'],
      ['web', { tenant_id: 'somebody else' }, 'tenant_id'],
      ['web', { jwks: { keys: [] } }, 'jwks'],
      ['web', { jwks: { keys: [{ kty: 'EC', crv: 'P-256' }] } }, 'jwks'],
      ['web', { jwks: { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] } }, 'jwks'],
    ];
    for (const [kind, metadata, field] of refused)
      await assert.rejects(make(kind, metadata), (error: DomainError) => {
        assert.deepEqual([error.code, error.params.field], ['INVALID_INPUT', field], JSON.stringify(metadata));
        return true;
      });
    assert.deepEqual(await db('clients').count('* as n').first(), before);
  });

  it('are listed page by page, all or those of one tenant', async () => {
    const { id: tenantId, slug } = await createTenant(db);
    const made = [];
    for (const kind of ['web', 'spa', 'web'] as const)
      made.push(
        (await createClient(db, { tenantId, kind, name: kind, redirectUris: ['https://app.example/cb'] }, systemCaller))
          .client.id,
      );
    const first = await listClients(db, { tenantId, limit: 2 });
    const rest = await listClients(db, { tenantId, limit: 2, after: first.next });
    assert.deepEqual(
      [...first.items, ...rest.items].map(({ id }) => id),
      made,
    );
    assert.deepEqual(
      [first.items[0]?.tenant, first.items[0]?.secrets, first.items[1]?.secrets, rest.next],
      [slug, 1, 0, null],
    );
    assert.ok(!JSON.stringify(first).includes('ecret_'));
    const ofKind = await listClients(db, { kind: 'spa', after: first.items[0]?.id });
    assert.deepEqual(
      ofKind.items.map(({ id }) => id),
      [made[1]],
    );
  });

  it('are given secrets that can be rotated with an overlap and are stored as hashes', async () => {
    const made = await createClient(
      db,
      { tenantId: null, kind: 'web', name: 'Portal', redirectUris: ['https://portal.example/cb'] },
      systemCaller,
    );
    const { clientId } = made.client;
    const first = made.clientSecret as string;
    assert.ok(first.length > 40);
    for (const seconds of [-1, 0.5, 86_401, Number.NaN])
      await assert.rejects(rotateClientSecret(db, clientId, seconds, systemCaller), { code: 'INVALID_INPUT' });
    const { clientSecret: second } = await rotateClientSecret(db, clientId, 60, systemCaller);
    assert.deepEqual(
      [await verifyClientSecret(db, clientId, first), await verifyClientSecret(db, clientId, second)],
      [true, true],
    );
    const { clientSecret: third } = await rotateClientSecret(db, clientId, 0, systemCaller);
    assert.equal(await verifyClientSecret(db, clientId, second), false);
    assert.equal(await verifyClientSecret(db, clientId, third), true);
    assert.equal(await verifyClientSecret(db, 'another', third), false);
    const { rows } = await db.raw('select t::text as row from client_secrets t');
    assert.ok(rows.every(({ row }: { row: string }) => ![first, second, third].some((secret) => row.includes(secret))));
  });

  it('are refused without a name, without a redirect URI, and twice under one id', async () => {
    const wanted = {
      tenantId: null,
      kind: 'web',
      name: 'Twice',
      redirectUris: ['https://app.example/cb'],
      clientId: 'twice',
    } as const;
    const withUris = { ...wanted, redirectUris: [...wanted.redirectUris] };
    await createClient(db, withUris, systemCaller);
    await assert.rejects(createClient(db, withUris, systemCaller), { kind: 'conflict', code: 'DUPLICATE' });
    await assert.rejects(createClient(db, { ...withUris, clientId: 'a b' }, systemCaller), { code: 'INVALID_INPUT' });
    await assert.rejects(createClient(db, { ...withUris, name: ' ' }, systemCaller), { code: 'FIELD_REQUIRED' });
    await assert.rejects(createClient(db, { ...withUris, redirectUris: [] }, systemCaller), { code: 'FIELD_REQUIRED' });
  });

  it('of a tenant stand for no API of another', async () => {
    const [ours, theirs] = [await createTenant(db), await createTenant(db)];
    const api = await createResourceServer(
      db,
      { tenantId: theirs.id, identifier: 'https://theirs.example/', name: 'Theirs' },
      systemCaller,
    );
    await defineCapability(db, { key: 'theirs.read', resourceServerId: api.id }, systemCaller);
    const service = (tenantId: string | null) =>
      createService(db, { tenantId, name: 'API', capabilities: [], resourceServerId: api.id }, systemCaller);
    await assert.rejects(service(ours.id), { code: 'NOT_FOUND' });
    await assert.rejects(service(null), { code: 'NOT_FOUND' });
    assert.equal((await service(theirs.id)).client.resourceServerId, api.id);
    await assert.rejects(createService(db, { tenantId: null, name: 'Sync', capabilities: ['no.such'] }, systemCaller), {
      code: 'INVALID_INPUT',
    });
  });
});
