/** The examples of docs/token-exchange.md do what they say, after its commands. */
import { spawnSync } from 'node:child_process';
import { createApiKey } from '../../src/domain/api-keys/api-keys.ts';
import { systemCaller } from '../../src/domain/audit/audit-events.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { createNode } from '../support/factories.ts';
import { examplesOf, runExamples } from '../support/guide-examples.ts';
import { ExchangeStage } from '../support/token-exchange.ts';

describe('the page about token exchange', () => {
  let app: TestApp;
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    app = await startTestApp();
  });
  after(() => app?.stop());

  it('shows examples that do what they say', async () => {
    const stage = await ExchangeStage.create(app);
    const { tenantId } = stage;
    const [stock, ledger] = [await stage.step(), await stage.step()];
    await stage.allow(stock, ledger);
    await stage.holds(stage.person, [stock, ledger]);
    const { id: orgNodeId } = await createNode(app.db, { tenantId });
    const wanted = { tenantId, orgNodeId, userId: null, name: 'K', capabilities: ledger.api.capabilities };
    const { key } = await createApiKey(app.db, wanted, systemCaller);
    await runExamples(examplesOf('token-exchange.md'), {
      ISSUER: app.issuer,
      CLIENT_ID: stock.service.clientId,
      CLIENT_SECRET: stock.service.clientSecret,
      SUBJECT_TOKEN: await stage.tokenFor(stock, { apis: [stock, ledger] }),
      LEDGER: ledger.api.identifier,
      API_KEY: key,
    });
  });
});
