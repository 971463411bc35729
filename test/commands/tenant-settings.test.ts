import assert from 'node:assert/strict';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { addIdentityProvider } from '../../src/domain/methods/federation/identity-providers.ts';
import { createTenant, type NewTenant } from '../../src/domain/setup/create-tenant.ts';
import { findTenantBySlug } from '../../src/domain/tenants/tenants.ts';
import { createSecrets } from '../../src/platform/secrets.ts';
import { type CommandBench, createBench } from './run-gatehouse.ts';

describe('the settings of a tenant by command', function () {
  this.timeout(120_000);
  let bench: CommandBench;
  let acme: NewTenant;
  before(async () => {
    bench = await createBench({ PHONE_COUNTRIES: 'FR,CH' });
    acme = await createTenant(bench.db, { slug: 'acme', name: 'Acme' }, systemCaller);
  });
  after(() => bench?.close());

  async function changes(tenantId: string) {
    return bench
      .db('audit_events')
      .where({ tenantId, action: 'tenant.settings_changed' })
      .select('actor_type', 'payload')
      .orderBy('id');
  }

  it('are changed as named, with their event, and told afterwards', async () => {
    const run = await bench.run(
      'tenants set acme --self-sign-up on --countries fr,CH --code-channels email,sms --sign-up-domains example.org,@zürich.example --sign-in-methods password,otp,google --daily-phone-messages 200 --session-hours 8 --accent-color #1f6f6b --support-url mailto:help@example.org --trusted-networks 203.0.113.0/24,2001:db8::/48 --codes-per-address 40 --json',
    );
    assert.equal(run.code, 0, run.stderr);
    assert.deepEqual(run.json.settings, {
      self_sign_up: true,
      sign_up_domains: ['example.org', 'xn--zrich-kva.example'],
      sign_in_methods: ['password', 'otp', 'google'],
      code_channels: ['email', 'sms'],
      countries: ['CH', 'FR'],
      daily_phone_messages: 200,
      session_hours: 8,
      audit_retention_days: null,
      second_factor: 'nobody',
      second_factor_grace_days: 0,
      factor_reset_hours: 0,
      remembered_device_days: 0,
      second_factor_channels: [],
      client_registration: false,
      client_documents: false,
      client_document_hosts: [],
      self_deletion_days: 14,
      inactive_erasure_days: null,
      passkey_offer: true,
      new_device_notices: true,
      trusted_networks: ['203.0.113.0/24', '2001:db8::/48'],
      sign_in_failures_per_address: null,
      codes_per_address: 40,
      accent_color: '#1f6f6b',
      logo_url: null,
      support_url: 'mailto:help@example.org',
      usernames: false,
    });
    const stored = (await findTenantBySlug(bench.db, 'acme'))?.settings;
    assert.deepEqual(
      [stored?.selfSignUp, stored?.countryList, stored?.codeChannels, stored?.dailyPhoneMessages],
      [true, ['CH', 'FR'], ['email', 'sms'], 200],
    );
    const [event, ...more] = await changes(acme.id);
    assert.equal(more.length, 0);
    assert.deepEqual([event.actorType, event.payload.to.dailyPhoneMessages], ['system', 200]);

    const text = await bench.run('tenants show acme');
    assert.match(text.stdout, /^ {2}self sign-up +on$/m);
    assert.match(text.stdout, /^ {2}countries +CH, FR$/m);
    assert.match(text.stdout, /^ {2}audit retention days +as the server$/m);
  });

  it('leave what is not named as it is, go back where that is said, and change nothing twice', async () => {
    const { id } = await createTenant(
      bench.db,
      {
        slug: 'calm',
        name: 'Calm',
        settings: { sessionHours: 4, countryList: ['CH'], dailyPhoneMessages: 9, branding: { accentColor: '#123456' } },
      },
      systemCaller,
    );
    const words =
      'tenants set calm --countries none --daily-phone-messages server --sign-up-domains any --code-channels none --accent-color none --support-url server';
    const first = await bench.run(`${words} --json`);
    assert.equal(first.code, 0, first.stderr);
    const { settings } = first.json;
    assert.deepEqual(
      [settings.countries, settings.daily_phone_messages, settings.sign_up_domains, settings.code_channels],
      [[], null, [], []],
    );
    assert.deepEqual([settings.session_hours, settings.self_sign_up, settings.accent_color], [4, false, null]);
    const again = await bench.run(words);
    assert.equal(again.code, 0, again.stderr);
    assert.equal((await changes(id)).length, 1);
  });

  it('say what counts for nothing on this server', async () => {
    await createTenant(bench.db, { slug: 'hopeful', name: 'Hopeful' }, systemCaller);
    const run = await bench.run(
      'tenants set hopeful --countries CH,GB --code-channels sms --sign-in-methods otp,google',
    );
    assert.equal(run.code, 0, run.stderr);
    assert.match(run.stdout, /^Note: google is not offered until the identity provider is there and enabled\.$/m);
    assert.match(run.stdout, /^Note: nothing goes to GB: PHONE_COUNTRIES of the server does not list them\.$/m);
    assert.match(run.stdout, /^Note: sms is not offered: the server has no provider for it\.$/m);
  });

  it('name identity providers that the tenant can have, and no others', async () => {
    const other = await createTenant(bench.db, { slug: 'other', name: 'Other' }, systemCaller);
    const secrets = createSecrets([bench.environment.SECRET_KEY ?? '']);
    const dependencies = { secrets, caller: systemCaller, allowHttp: false };
    const provider = { name: 'Okta', issuer: 'https://okta.example.org', clientId: 'c' };
    await addIdentityProvider(bench.db, { ...provider, key: 'okta' }, dependencies);
    await addIdentityProvider(bench.db, { ...provider, key: 'others-own', tenantId: other.id }, dependencies);
    const [shared, foreign, unknown] = await Promise.all([
      bench.run('tenants set acme --sign-in-methods password,okta --json'),
      bench.run('tenants set acme --sign-in-methods password,others-own --json'),
      bench.run('tenants set acme --sign-in-methods gogle --json'),
    ]);
    assert.equal(shared.code, 0, shared.stderr);
    assert.deepEqual([shared.json.settings.sign_in_methods, shared.json.notes], [['password', 'okta'], []]);
    for (const run of [foreign, unknown]) assert.deepEqual([run.code, run.json.error.code], [3, 'NOT_FOUND']);
    assert.match(unknown.json.error.message, /no such identity provider: gogle/);
  });

  it('refuse what cannot be read, and change nothing then', async () => {
    const before = await findTenantBySlug(bench.db, 'acme');
    const refused: [string, number, RegExp][] = [
      ['tenants set acme', 2, /name a setting to change; see them with: gatehouse tenants show acme/],
      ['tenants set acme --countries UK', 2, /the United Kingdom is GB/],
      ['tenants set acme --countries ,', 2, /Give at least one/],
      ['tenants set acme --code-channels pigeon', 2, /Give some of email, sms, whatsapp/],
      ['tenants set acme --sign-up-domains localhost', 2, /Give domains such as example\.org/],
      ['tenants set acme --self-sign-up maybe', 2, /Allowed choices are on, off/],
      ['tenants set acme --daily-phone-messages -1', 2, /whole number from 0 to 1000000/],
      ['tenants set acme --logo-url http://example.org/l.svg', 3, /settings\.branding\.logoUrl cannot be used/],
      ['tenants set nowhere --self-sign-up on', 3, /there is no such tenant: nowhere/],
    ];
    const runs = await Promise.all(refused.map(([words]) => bench.run(words)));
    for (const [n, [words, code, message]] of refused.entries()) {
      assert.equal(runs[n]?.code, code, words);
      assert.match(runs[n]?.stderr ?? '', message);
    }
    assert.deepEqual(await findTenantBySlug(bench.db, 'acme'), before);
  });
});
