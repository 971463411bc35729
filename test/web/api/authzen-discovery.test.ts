/** AuthZEN certification, level Discovery: the metadata of the decision point. The cases are those of the scenario, section 6. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { startTestApp, type TestApp } from '../../support/app.ts';
import { action, createAuthzenFixture, record, user } from '../../support/authzen.ts';

const path = '/.well-known/authzen-configuration';
const names = [
  'access_evaluation_endpoint',
  'access_evaluations_endpoint',
  'search_subject_endpoint',
  'search_resource_endpoint',
  'search_action_endpoint',
] as const;

describe('AuthZEN certification: Discovery', () => {
  let app: TestApp;
  before(async () => {
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('6.1 and 6.2: is there for everybody, as JSON', async () => {
    const reply = await fetch(`${app.issuer}${path}`);
    assert.equal(reply.status, 200);
    assert.match(reply.headers.get('content-type') ?? '', /^application\/json/);
    assert.equal(reply.headers.get('set-cookie'), null);
    await reply.json();
  });

  it('6.3 and 6.4: names the decision point and every endpoint, and nothing that has no value', async () => {
    const metadata = await (await fetch(`${app.issuer}${path}`)).json();
    assert.equal(metadata.policy_decision_point, app.issuer);
    assert.deepEqual(Object.keys(metadata).sort(), ['policy_decision_point', ...names].sort());
    for (const name of names) assert.ok(metadata[name].startsWith(`${app.issuer}/access/v1/`), name);
  });

  it('6.5: every endpoint that it names is one', async () => {
    const metadata = await (await fetch(`${app.issuer}${path}`)).json();
    const { ours } = await createAuthzenFixture(app);
    const [subject, resource] = [user('alice'), record('record-1')];
    for (const name of names) {
      const reply = await ours.ask(metadata[name], { subject, action: action('read'), resource });
      assert.equal(reply.status, 200, name);
    }
  });

  it('takes its addresses from the issuer alone, which is https', async () => {
    const issuer = 'https://pdp.example';
    let port = 0;
    const behindProxy = (itsPort: number) => {
      port = itsPort;
      return issuer;
    };
    const other = await startTestApp({ issuer: behindProxy, env: { TRUSTED_PROXIES: '127.0.0.1' } });
    try {
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const headers = { host: 'evil.example', 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'http' };
      request(`http://127.0.0.1:${port}${path}`, { headers }, (res) => {
        let text = '';
        res.on('data', (chunk) => {
          text += chunk;
        });
        res.on('end', () => resolve(text));
      })
        .on('error', reject)
        .end();
      const metadata = JSON.parse(await promise);
      assert.equal(metadata.policy_decision_point, issuer);
      for (const name of names) assert.equal(new URL(metadata[name]).origin, issuer);
      assert.ok(!JSON.stringify(metadata).includes('evil'));
    } finally {
      await other.stop();
    }
  });
});
