/** The examples of docs/ciba.md do what they say, beside a person who approves. */
import { spawnSync } from 'node:child_process';
import { approvalRequestModel as model } from '../../src/domain/sessions/approval-requests.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { approvalClient, atApprovals, decide } from '../support/approvals.ts';
import { eventually } from '../support/eventually.ts';
import { examplesOf, runExamples } from '../support/guide-examples.ts';

describe('the page about approvals', () => {
  let app: TestApp;
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('shows examples that do what they say', async () => {
    const person = await app.person();
    const { clientId, clientSecret } = await approvalClient(app, person.tenantId);
    const approving = eventually(() =>
      app.db('oidc_payloads').where({ model, accountId: person.id }).whereNotNull('polledAt').first('idHash'),
    ).then(async () => {
      const { browser, page } = await atApprovals(app, person);
      await decide(browser, page, 'approve');
    });
    await Promise.all([
      approving,
      runExamples(examplesOf('ciba.md'), {
        ISSUER: app.issuer,
        CLIENT_ID: clientId,
        CLIENT_SECRET: clientSecret,
        LOGIN_HINT: person.email,
      }),
    ]);
  });
});
