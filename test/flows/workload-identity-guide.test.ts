/** The example of docs/workload-identity.md does what it says. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { faultOfPattern } from '../../src/domain/clients/subject-pattern.ts';
import { addWorkloadIdentity } from '../../src/domain/clients/workload-identities.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createApi } from '../support/endpoints.ts';
import { examplesOf, runExamples } from '../support/guide-examples.ts';
import { WorkloadPlatform } from '../support/workload-platform.ts';

describe('the page about workload identities', () => {
  let app: TestApp;
  let platform: WorkloadPlatform;
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    app = await startTestApp();
    platform = await WorkloadPlatform.start();
  });
  after(async () => {
    platform?.stop();
    await app?.stop();
  });

  it('shows an example that does what it says', async () => {
    const { capabilities } = await createApi(app);
    const { clientId } = await app.service({ capabilities, workload: true });
    const [aud, sub] = [app.issuer, 'repo:acme/app:ref:refs/heads/main'];
    await addWorkloadIdentity(app.db, clientId, { issuer: platform.issuer, audience: aud, subject: sub }, systemCaller);
    const PLATFORM_TOKEN = await platform.token({ aud, sub });
    await runExamples(examplesOf('workload-identity.md'), { ISSUER: app.issuer, CLIENT_ID: clientId, PLATFORM_TOKEN });
  });

  it('names patterns that are some', () => {
    const page = readFileSync(new URL('../../docs/workload-identity.md', import.meta.url), 'utf8');
    const named = [...page.matchAll(/`((?:repo|system):[^`]+)`/g)].map(([, pattern]) => pattern as string);
    assert.ok(named.length >= 3);
    for (const pattern of named) assert.equal(faultOfPattern(pattern), undefined, pattern);
  });
});
