import assert from 'node:assert/strict';
import type { TestApp } from '../support/app.ts';
import { introspect, postAs } from '../support/endpoints.ts';
import { eventually } from '../support/eventually.ts';
import { createServerBench, type Run, type ServerBench } from './run-gatehouse.ts';

describe('commands about services, APIs and keys', function () {
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
    const discard = ['capabilities', 'create', '--key', 'bin.discard', '--json'];
    const named = await run(...discard, '--action', 'delete', '--action-property', 'soft=true');
    assert.deepEqual([named.json.action, named.json.action_properties], ['delete', { soft: true }], named.stderr);
    assert.equal((await run(...discard, '--action-property', 'soft')).code, 2);
    const service = ['services', 'create', '--name', 'Sync', '--tenant', 'acme'];
    const ours = ['--default-api', 'https://stock.example/'];
    const signed = ['--introspection-alg', 'ES256'];
    const [made, guard] = await Promise.all([
      run(...service, '--capability', 'stock.read', '--capability', 'stock.write', ...ours, '--json'),
      run('services', 'create', '--name', 'Stock API', '--api', 'https://stock.example/', ...signed, '--json'),
    ]);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(guard.code, 0, guard.stderr);

    const clientId = made.json.client_id;
    const { Client } = app.server.provider();
    assert.equal((await Client.find(clientId))?.default_resource, 'https://stock.example/');
    assert.equal((await Client.find(guard.json.client_id))?.introspectionSignedResponseAlg, 'ES256');
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
    const web = await app.relyingParty();
    const signer = await app.relyingParty({ metadata: { token_endpoint_auth_method: 'none' } });
    const runs = await Promise.all([
      run('services', 'create', '--name', 'X', '--capability', 'no.such'),
      run('services', 'create', '--name', 'X', '--api', 'https://nowhere.example/'),
      run('apis', 'create', '--identifier', 'https://other.example/', '--name', 'Other', '--capability', 'stock.read'),
      run('services', 'rotate-secret', web.clientId),
      run('clients', 'rotate-secret', signer.clientId),
    ]);
    const codes = runs.map(({ code, stderr }) => `${code} ${/\[(\w+)\]/.exec(stderr)?.[1]}`);
    assert.deepEqual(codes, [
      '3 INVALID_INPUT',
      '3 NOT_FOUND',
      '3 CAPABILITY_OF_ANOTHER_API',
      '3 NOT_FOUND',
      '3 INVALID_INPUT',
    ]);
    assert.equal(await app.db('resource_servers').where({ identifier: 'https://other.example/' }).first(), undefined);
  });

  it('leaves a capability with its API, whatever is created, and moves it by a command that says whom it breaks', async () => {
    const other = 'https://moved.example/';
    await run('apis', 'create', '--identifier', other, '--name', 'Other', '--json');
    const api = async () => (await run('capabilities', 'get', 'stock.read', '--json')).json.resource_server_id;
    const before = await api();
    const created = await run('capabilities', 'create', '--key', 'stock.read', '--api', other);
    assert.deepEqual([created.code, /\[(\w+)\]/.exec(created.stderr)?.[1]], [3, 'CAPABILITY_OF_ANOTHER_API']);
    assert.match(created.stderr, /gatehouse capabilities move stock\.read/);
    assert.equal(await api(), before);

    const tried = await run('capabilities', 'move', 'stock.read', '--api', other, '--dry-run', '--json');
    assert.deepEqual(
      [tried.json.from, tried.json.to, tried.json.roles, tried.json.services.length, tried.json.dry_run],
      ['https://stock.example/', other, 0, 1, true],
    );
    assert.equal(await api(), before);

    const moved = await run('capabilities', 'move', 'stock.read', '--api', other);
    assert.equal(moved.code, 0);
    assert.match(moved.stdout, /has moved; who asks the API before for it is refused/);
    assert.ok(moved.stdout.includes(tried.json.services[0]));
    assert.notEqual(await api(), before);
    assert.match((await run('capabilities', 'move', 'stock.read', '--api', other)).stdout, /already/);

    await run('capabilities', 'move', 'stock.read', '--api', 'https://stock.example/');
    assert.equal(await api(), before);
  });

  it('lists APIs and capabilities', async () => {
    const [apis, capabilities, text] = await Promise.all([
      run('apis', 'list', '--json'),
      run('capabilities', 'list', '--json'),
      run('clients', 'list', '--kind', 'service'),
    ]);
    assert.deepEqual(
      apis.json.apis
        // The server's own API stands among them.
        .filter(({ identifier }: { identifier: string }) => !/\/api\/v1$|moved/.test(identifier))
        .map((api: { identifier: string; capabilities: string[] }) => [api.identifier, api.capabilities]),
      [['https://stock.example/', ['stock.read', 'stock.write']]],
    );
    assert.deepEqual(
      capabilities.json.capabilities
        .filter(({ module }: { module: string | null }) => module !== 'gatehouse')
        .map(({ key, description }: { key: string; description: string }) => [key, description]),
      [
        ['bin.discard', null],
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
    await eventually(async () => {
      assert.deepEqual(await kids(), wanted);
      return true;
    });
  });

  it('withdraws keys that others may know', async () => {
    const known = (await run('keys', 'list', '--json')).json.keys.map(({ kid }: { kid: string }) => kid);
    const withdrawn = await run('keys', 'rotate', '--withdraw', '--json');
    const published = withdrawn.json.keys.filter(
      (key: { verifies_until: string | null }) => key.verifies_until === null,
    );
    assert.equal(published.length, 4);
    assert.ok(published.every(({ kid }: { kid: string }) => !known.includes(kid)));
    await eventually(async () => {
      const { keys } = (await (await fetch(`${app.issuer}/jwks`)).json()) as { keys: { kid: string }[] };
      return keys.length === 4 && keys.every(({ kid }) => !known.includes(kid));
    }, 'the server publishes no withdrawn key');
  });
});
