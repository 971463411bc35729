/** The examples of docs/shared-signals.md do what they say. */
import { spawnSync } from 'node:child_process';
import { startTestApp, type TestApp } from '../support/app.ts';
import { examplesOf, runExamples } from '../support/guide-examples.ts';

describe('the page about shared signals', () => {
  let app: TestApp;
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('shows examples that do what it says', async () => {
    const tenantId = (await app.tenant()).id;
    const { clientId, clientSecret } = await app.service({ tenantId, capabilities: ['events.receive'] });
    const variables = { ISSUER: app.issuer, CLIENT_ID: clientId, CLIENT_SECRET: clientSecret as string };
    await runExamples(examplesOf('shared-signals.md'), variables);
  });
});
