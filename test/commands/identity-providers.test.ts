import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { clientSecretOf, findIdentityProvider } from '../../src/domain/methods/federation/identity-providers.ts';
import { createTenant } from '../../src/domain/setup/create-tenant.ts';
import { findTenantBySlug } from '../../src/domain/tenants/tenants.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { createUser } from '../support/factories.ts';
import { type CommandBench, createBench, runGatehouse } from './run-gatehouse.ts';

describe('commands about identity providers', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  before(async () => {
    bench = await createBench();
    await createTenant(bench.db, { slug: 'acme', name: 'Acme' }, systemCaller);
  });
  after(() => bench?.close());

  const codeOf = ({ code, stderr }: { code: number | null; stderr: string }) =>
    `${code} ${/\[(\w+)\]/.exec(stderr)?.[1] ?? ''}`.trim();

  it('adds Google with a client and a secret that nobody sees again', async () => {
    const added = await bench.run('identity-providers add google --client-id us --client-secret-stdin', 'a secret\n');
    assert.equal(added.code, 0, added.stderr);
    assert.match(added.stdout, /^Google is added\..*It is on the sign-in page\./);
    assert.match(added.stdout, /redirect URI +http:\/\/localhost:3999\/callback\/google$/m);
    assert.doesNotMatch(added.stdout, /a secret/);
    const provider = await findIdentityProvider(bench.db, 'google');
    assert.ok(provider);
    assert.equal(clientSecretOf(provider, createSecrets([bench.environment.SECRET_KEY ?? ''])), 'a secret');
    const listed = await bench.run('identity-providers list --json');
    assert.doesNotMatch(listed.stdout, /a secret|sealed/);
    const [google] = listed.json.identity_providers;
    assert.deepEqual(
      [google.key, google.issuer, google.client_id, google.has_secret, google.tenant, google.state],
      ['google', 'https://accounts.google.com', 'us', true, null, 'active'],
    );
  });

  it('describes any other provider by its options', async () => {
    const words =
      'identity-providers add acme-entra --name "Acme staff" --tenant acme --client-id us --json ' +
      '--issuer https://login.example/a-tenant/v2.0 --scope email --claim email_verified=xms_edov ' +
      '--claim hosted_domain=tid --verified-value 1 --response-mode form_post';
    const { json } = await bench.run(words);
    assert.deepEqual([json.scopes, json.tenant, json.has_secret], [['openid', 'email'], 'acme', false]);
    assert.equal(json.response_mode, 'form_post');
    const { email_verified, hosted_domain, email_verified_values } = json.claim_mapping;
    assert.deepEqual([email_verified, hosted_domain, email_verified_values], ['xms_edov', 'tid', [true, '1', 1]]);
    const { stdout } = await bench.run('identity-providers list --tenant acme');
    assert.match(stdout, /^acme-entra +Acme staff +active +https:\/\/login\.example\/a-tenant\/v2\.0 +acme$/m);
    assert.doesNotMatch(stdout, /google/);
  });

  it('says what a tenant asks of a provider', async () => {
    const configure = (options: string) =>
      bench.run(`identity-providers configure google --tenant acme --json ${options}`);
    const first = await configure(
      '--hosted-domain Acme.example --trusted-domain acme.example --trusted-domain acme.test',
    );
    assert.deepEqual(first.json, {
      key: 'google',
      tenant: 'acme',
      offered: true,
      required_hosted_domain: 'acme.example',
      trusted_email_domains: ['acme.example', 'acme.test'],
    });
    const second = await configure('--no-offer --no-trust');
    assert.deepEqual(
      [second.json.offered, second.json.required_hosted_domain, second.json.trusted_email_domains],
      [false, 'acme.example', []],
    );
    const third = await configure('--offer --any-hosted-domain');
    assert.deepEqual([third.json.offered, third.json.required_hosted_domain], [true, null]);
    const tenant = await findTenantBySlug(bench.db, 'acme');
    assert.deepEqual(tenant?.settings.signInMethods, ['password', 'otp', 'google']);
    assert.equal(codeOf(await bench.run('identity-providers configure nobody --tenant acme')), '3 NOT_FOUND');
    assert.equal(codeOf(await configure('--hosted-domain a.example --any-hosted-domain')), '2');
    assert.equal(codeOf(await configure('--trusted-domain "not a domain"')), '3 INVALID_INPUT');
  });

  it('replaces the secret, which nobody sees', async () => {
    const replaced = await bench.run('identity-providers set-secret google --client-secret-stdin', 'another one\n');
    assert.equal(replaced.code, 0, replaced.stderr);
    assert.doesNotMatch(replaced.stdout, /another one/);
    const provider = await findIdentityProvider(bench.db, 'google');
    assert.ok(provider);
    assert.equal(clientSecretOf(provider, createSecrets([bench.environment.SECRET_KEY ?? ''])), 'another one');
    const trail = await bench.db('audit_events').where({ action: 'identity_provider.credentials_replaced' });
    assert.deepEqual(
      trail.map(({ entityId, payload }) => [entityId, payload]),
      [[provider.id, { key: 'google' }]],
    );
    const unknown = await bench.run('identity-providers set-secret nobody --client-secret-stdin', 'x\n');
    assert.equal(codeOf(unknown), '3 NOT_FOUND');
  });

  it('disables, enables and removes, and asks before it unlinks people', async () => {
    assert.equal((await bench.run('identity-providers disable google')).code, 0);
    assert.equal((await findIdentityProvider(bench.db, 'google'))?.state, 'disabled');
    assert.equal((await bench.run('identity-providers enable google')).code, 0);
    assert.equal((await findIdentityProvider(bench.db, 'google'))?.state, 'active');
    const { id: userId, tenantId } = await createUser(bench.db);
    const identity = { tenantId, userId, provider: 'google', issuer: 'https://accounts.google.com', subject: 'them' };
    await bench.db('user_identities').insert(identity);
    const refused = await bench.run('identity-providers remove google');
    assert.equal(codeOf(refused), '3 IDENTITY_IN_USE');
    assert.match(refused.stderr, /linked accounts: 1/);
    const removed = await bench.run('identity-providers remove google --with-identities --json');
    assert.deepEqual(removed.json, { key: 'google', removed: true, unlinked: 1 });
    assert.equal(codeOf(await bench.run('identity-providers enable google')), '3 NOT_FOUND');
  });

  it('refuses what cannot be, with the reason', async () => {
    const runs = await Promise.all(
      [
        'identity-providers add okta --client-id us',
        'identity-providers add password --client-id us --issuer https://x.example --name X',
        'identity-providers add okta --client-id us --issuer not-a-url --name X',
        'identity-providers add okta --client-id us --issuer https://x.example --name X --claim email',
        'identity-providers add okta --client-id us --issuer https://x.example --name X --claim nickname=x',
        'identity-providers add okta --issuer https://x.example --name X',
        'identity-providers add okta --client-id us --issuer https://x.example --name X --client-secret-stdin',
      ].map((words) => bench.run(words)),
    );
    assert.deepEqual(runs.map(codeOf), [
      '3 FIELD_REQUIRED',
      '3 INVALID_INPUT',
      '3 INVALID_INPUT',
      '2',
      '3 INVALID_INPUT',
      '2',
      '2',
    ]);
    assert.match(runs[6]?.stderr ?? '', /--client-secret-stdin: standard input is empty/);
  });

  it('takes http issuers in development alone', async () => {
    const words = [
      'identity-providers',
      'add',
      'loop',
      '--name',
      'L',
      '--client-id',
      'us',
      '--issuer',
      'http://127.0.0.1:1',
    ];
    const production = { ...bench.environment, NODE_ENV: 'production', ISSUER: 'https://id.example.org' };
    const run = await runGatehouse(words, { ...production, ARGON2_MEMORY_KIB: '19456' });
    assert.equal(codeOf(run), '3 INVALID_INPUT', run.stderr);
    assert.equal((await runGatehouse(words, bench.environment)).code, 0);
  });
});
