import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import type { NewClient } from '../../src/domain/clients/clients.ts';
import { createClientCheck } from '../../src/oidc/client-check.ts';
import { createClientRegistration } from '../../src/oidc/client-registration.ts';
import type { DomainError } from '../../src/platform/errors.ts';
import { newId } from '../../src/platform/ids.ts';
import { startTestApp, type TestApp } from '../support/app.ts';

describe('registering a client', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('checks a client by the rules of the server', async () => {
    const check = await createClientCheck(app);
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
        securityProfile: 'none',
        metadata: { redirect_uris: ['https://app.example.com/callback'], ...metadata },
      });
    const refused: [metadata: Record<string, unknown>, reason: RegExp][] = [
      [{ grant_types: ['password'] }, /grant_types/],
      [{ id_token_signed_response_alg: 'HS256' }, /id_token_signed_response_alg/],
      [{ response_types: ['id_token'] }, /response_types/],
      [{ token_endpoint_auth_method: 'client_secret_jwt' }, /token_endpoint_auth_method/],
      [{ backchannel_logout_uri: 'not an address' }, /backchannel_logout_uri/],
      [{ backchannel_logout_uri: 'https://app.example.com/out#in' }, /no fragment/],
      [{ backchannel_logout_uri: 'https://app.example.com/out#' }, /no fragment/],
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

  it('registers nothing that the server would refuse', async () => {
    const { registerClient, registerService } = createClientRegistration(app);
    const wanted: NewClient = {
      tenantId: null,
      kind: 'web',
      name: 'App',
      redirectUris: ['https://app.example.com/cb'],
    };
    const { client, clientSecret } = await registerClient(app.db, wanted, systemCaller);
    assert.ok(clientSecret && (await app.server.provider().Client.find(client.clientId)));
    const rows = async () => {
      const tables = ['clients', 'client_secrets', 'audit_events'];
      return Promise.all(tables.map(async (table) => (await app.db(table).count('* as n').first())?.n));
    };
    const before = await rows();
    const refused = { code: 'INVALID_INPUT' };
    const metadata = { id_token_signed_response_alg: 'HS256' };
    await assert.rejects(registerClient(app.db, { ...wanted, metadata }, systemCaller), refused);
    const jwks = { keys: [{ kty: 'oct', k: 'c2VjcmV0' }] };
    const service = { tenantId: null, name: 'Sync', capabilities: [] };
    await assert.rejects(registerService(app.db, { ...service, jwks }, systemCaller), refused);
    assert.deepEqual(await rows(), before);
  });
});
