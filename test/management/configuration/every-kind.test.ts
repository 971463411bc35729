import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import type { AppliedConfiguration } from '../../../src/management/configuration/apply-configuration.ts';
import type { ConfigurationFault } from '../../../src/management/configuration/fault.ts';
import { type ConfigurationBench, createConfigurationBench } from '../../support/configuration.ts';
import { assign, createUser } from '../../support/factories.ts';

const jwk = generateKeyPairSync('ec', { namedCurve: 'P-256' }).publicKey.export({ format: 'jwk' });

/** One of everything, in a tenant and for all of them. */
const everything = `
gatehouse: 1
apis:
  https://shared.example/: { name: Shared, access_token_ttl: 300, token_exchange: true }
capabilities:
  grades.read: { api: https://api.district.example/, description: See grades, module: grades }
  grades.write: { api: https://api.district.example/ }
  stock.read: { api: https://shared.example/, action: read, action_properties: { deep: true } }
  loose.do: {}
applications:
  portal: { name: Portal, kind: web, first_party: true, redirect_uris: [https://portal.example/callback] }
services:
  reporter: { name: Reporter, capabilities: [stock.read], default_resource: https://shared.example/ }
identity_providers:
  partner: { name: Partner, issuer: https://partner.example, client_id: us, client_secret: { env: PARTNER }, scopes: [openid, email] }
tenants:
  district:
    name: District
    settings:
      session_hours: 12
      sign_in_methods: [password, partner]
      branding: { accent_color: "#1f6f6b", support_url: https://help.example/ }
      address_limits: { trusted_networks: [203.0.113.0/24] }
      federation: { partner: { required_hosted_domain: example.org } }
    apis:
      https://api.district.example/: { name: District API, required_acr: null, skip_consent: false }
    roles:
      Teacher: { capabilities: [grades.write, grades.read] }
      "Reader / on: trial": { description: "Reads; no more", capabilities: [grades.read] }
      member: { capabilities: [loose.do] }
    tree:
      - name: North
        type: region
        key: north
        below:
          - { name: Lakeside, type: school, key: "1" }
          - { name: Twin, type: school }
          - { name: Twin, type: school }
          - { name: A/B ~ "C", type: school, active: false }
      - { name: South, type: region, key: south }
      - { name: Harbour, type: school, parent: south }
    applications:
      gradebook:
        name: Gradebook
        kind: web
        redirect_uris: [https://grades.example/callback]
        post_logout_redirect_uris: [https://grades.example/]
        id_token_claims: lean
        default_resource: https://api.district.example/
        claim_mapping: { school: { from: places } }
        consent_days: 30
        metadata: { backchannel_logout_uri: https://grades.example/logout }
        cross_app_audiences:
          - { audience: https://other.example, audience_client_id: abc, scopes: [chat.read] }
      app: { kind: native, name: App, redirect_uris: ["com.example.app:/callback"], state: disabled }
    services:
      nightly: { name: Nightly, capabilities: [grades.read], exchange_capabilities: [stock.read] }
      signer: { name: Signer, jwks: { keys: [${JSON.stringify(jwk)}] } }
      platform:
        name: Platform
        state: disabled
        workload_identities:
          - { issuer: https://token.example, audience: us, subject: "repo:district/site:ref:main", single_use: true }
          - { issuer: https://k8s.example, audience: us, subject: "system:serviceaccount:a:b", jwks_uri: https://k8s.example/keys, single_use: false }
      gateway: { name: Gateway, api: https://api.district.example/ }
    identity_providers:
      district-entra:
        name: Entra
        issuer: https://login.example/district
        client_id: theirs
        client_secret: { env: ENTRA }
        state: disabled
        cross_app: { client_ids: [gradebook], scopes: [grades.read] }
    webhooks:
      Warehouse: { url: https://hooks.example/in, types: [], state: paused }
    groups:
      Lakeside teachers: { role: Teacher, place: "1" }
      All teachers: { role: Teacher, place: /, external_id: g-1 }
      Twins: { role: Teacher, place: /North/Twin }
`;

describe('a configuration of every kind', function () {
  this.timeout(240_000);
  let bench: ConfigurationBench;
  let first: AppliedConfiguration;
  before(async () => {
    bench = await createConfigurationBench();
    bench.secrets.set('PARTNER', 'partner-secret-1').set('ENTRA', 'entra-secret-1');
    first = await bench.apply(everything);
  });
  after(() => bench?.close());

  const rootOf = async (tenantId: string) =>
    (await bench.db('org_nodes').where({ tenantId, parentId: null }).first('id')).id;

  it('is brought about, and the second time there is nothing to do', async () => {
    assert.deepEqual((await bench.plan(everything, { prune: true })).changes, []);
    const again = await bench.apply(everything, { prune: true });
    assert.deepEqual([again.changes, again.secrets, again.access], [[], [], []]);
  });

  it('tells each secret that was made once, and none that was referred to', () => {
    const told = first.secrets.map(({ section, tenant, name }) => `${tenant} ${section} ${name}`);
    assert.deepEqual(told.sort(), [
      'district applications gradebook',
      'district services gateway',
      'district services nightly',
      'district webhooks Warehouse',
      'null applications portal',
      'null services reporter',
    ]);
    assert.doesNotMatch(JSON.stringify(first), /partner-secret|entra-secret/);
  });

  it('is exported as it is: nothing differs here, and elsewhere the same comes of it', async () => {
    const exported = await bench.export();
    assert.deepEqual((await bench.plan(exported, { prune: true })).changes, []);
    const made = first.secrets.map(({ secret }) => secret);
    for (const secret of [...made, ...bench.secrets.values()])
      assert.ok(!exported.includes(secret), 'no secret leaves');
    const other = await createConfigurationBench();
    try {
      other.secrets.set('SAME', 'another-secret-1');
      const refer = (text: string) =>
        text.replace(
          /^( +)client_id: (?:us|theirs)$/gm,
          (line, indent) => `${line}\n${indent}client_secret: { env: SAME }`,
        );
      await other.apply(refer(exported));
      assert.equal(await other.export(), exported);
    } finally {
      await other.close();
    }
  });

  it('holds a secret that is referred to against the one that is there', async () => {
    bench.secrets.set('ENTRA', 'entra-secret-2');
    const planned = await bench.plan(everything);
    assert.deepEqual(
      planned.changes.map(({ name, members }) => [name, members.map(({ member }) => member)]),
      [['district-entra', ['client_secret']]],
    );
    assert.doesNotMatch(JSON.stringify(planned), /entra-secret/);
    await bench.apply(everything);
    assert.deepEqual((await bench.plan(everything)).changes, []);
    const events = JSON.stringify(await bench.db('audit_events').select('payload', 'action'));
    const told = JSON.stringify(await bench.db('outbox_events').select());
    for (const secret of ['entra-secret', 'partner-secret', ...first.secrets.map((made) => made.secret)])
      assert.ok(!events.includes(secret) && !told.includes(secret), 'no secret is in the trail');
  });

  it('makes new secrets where it is asked to', async () => {
    const { changes, secrets } = await bench.apply(everything, { rotateSecrets: true });
    assert.deepEqual(new Set(changes.map(({ action }) => action)), new Set(['rotate']));
    assert.equal(secrets.length, first.secrets.length);
    for (const { secret } of secrets) assert.ok(!first.secrets.some((one) => one.secret === secret));
  });

  it('removes what a section does not name, when it is asked to, and nothing else', async () => {
    const less =
      'gatehouse: 1\nservices: {}\ntenants: { district: { webhooks: {}, groups: {}, services: {}, tree: [] } }';
    assert.deepEqual((await bench.apply(less)).changes, []);
    assert.ok((await bench.plan(less)).unnamed >= 10);
    const { changes } = await bench.apply(less, { prune: true });
    assert.deepEqual(new Set(changes.map(({ action }) => action)), new Set(['remove']));
    assert.match(await bench.export(), /gradebook/);
    assert.doesNotMatch(await bench.export(), /nightly|Warehouse|Lakeside/);
    assert.deepEqual((await bench.plan(less, { prune: true })).changes, []);
  });

  it('stops a tenant and lets it act again, and says who loses and gains everything by it', async () => {
    const { id: tenantId } = await bench.db('tenants').where({ slug: 'district' }).first('id');
    const { id: roleId } = await bench.db('roles').where({ tenantId, name: 'Teacher' }).first('id');
    const person = await createUser(bench.db, { tenantId });
    await assign(bench.db, { tenantId, userId: person.id, roleId });
    const stopped =
      'gatehouse: 1\ntenants: { district: { state: suspended, roles: { Late: { capabilities: [grades.read] } } } }';
    const { access, digest } = await bench.apply(stopped);
    assert.deepEqual(
      access.map(({ tenant, gains, losses }) => [tenant, gains, losses.filter(({ kind }) => kind === 'person')]),
      [
        [
          'district',
          [],
          [
            {
              kind: 'person',
              id: person.id,
              orgNodeId: await rootOf(tenantId),
              capabilities: ['grades.read', 'grades.write'],
            },
          ],
        ],
      ],
    );
    assert.deepEqual((await bench.plan(stopped)).changes, []);
    const resumed = await bench.apply('gatehouse: 1\ntenants: { district: { state: active } }', { agreedTo: digest });
    assert.deepEqual(
      resumed.access.map(({ gains, losses }) => [gains.find(({ kind }) => kind === 'person')?.id, losses]),
      [[person.id, []]],
    );
  });

  it('is not applied where others would lose something than those that were shown', async () => {
    const less = 'gatehouse: 1\ntenants: { district: { roles: { Teacher: { capabilities: [] } } } }';
    const { digest } = await bench.plan(less);
    const { id: tenantId } = await bench.db('tenants').where({ slug: 'district' }).first('id');
    const { id: roleId } = await bench.db('roles').where({ tenantId, name: 'Teacher' }).first('id');
    await assign(bench.db, { tenantId, roleId });
    await assert.rejects(bench.apply(less, { agreedTo: digest }), { name: 'ConfigurationChanged' });
    assert.equal((await bench.plan(less)).changes.length, 1);
    const again = await bench.plan(less);
    assert.equal((await bench.apply(less, { agreedTo: again.digest })).access[0]?.losses.length, 2);
  });

  it('is refused as a whole where a rule refuses a part, and where something cannot be changed', async () => {
    const before = await bench.export();
    const faultOf = (source: string) =>
      bench.apply(source).then(
        () => assert.fail('it is applied'),
        (error: ConfigurationFault) => `${error.path.join('.')}: ${error.message}`,
      );
    const role = (entry: string) =>
      faultOf(`gatehouse: 1\ntenants: { district: { roles: { First: {}, Second: ${entry} } } }`);
    assert.equal(await role('{ capabilities: [no.such] }'), 'tenants.district.roles.Second: NOT_FOUND');
    const applications = (entry: string) =>
      faultOf(`gatehouse: 1\ntenants: { district: { roles: { First: {} }, applications: ${entry} } }`);
    assert.match(
      await applications('{ gradebook: { kind: spa } }'),
      /^tenants\.district\.applications\.gradebook\.kind: stays as it was made/,
    );
    assert.match(
      await applications('{ n: { kind: web, redirect_uris: ["http://plain.example/"] } }'),
      /applications\.n: INVALID_INPUT/,
    );
    assert.match(await applications('{ n: { redirect_uris: [] } }'), /applications\.n: kind /);
    assert.equal(await bench.export(), before);
  });
});
