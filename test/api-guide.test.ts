/** The examples of docs/api.md do what they say. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { startTestApp, type TestApp } from './support/app.ts';
import { examplesOf, runExamples } from './support/guide-examples.ts';

const examples = examplesOf('api.md');

describe('the guide to the management API', () => {
  let app: TestApp;
  let credentials: { clientId: string; clientSecret: string };
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    app = await startTestApp();
    const tenant = await app.tenant();
    credentials = await app.service({ tenantId: tenant.id, capabilities: ['roles.read', 'roles.manage'] });
  });
  after(() => app?.stop());

  it('shows examples that do what they say', async () => {
    assert.ok(examples.length >= 8);
    const { clientId: CLIENT_ID, clientSecret: CLIENT_SECRET } = credentials;
    await runExamples(examples, { ISSUER: app.issuer, CLIENT_ID, CLIENT_SECRET });
  });
});
