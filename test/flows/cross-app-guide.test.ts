/** The examples of docs/cross-app-access.md do what they say, between two tenants and between two servers. */
import { spawnSync } from 'node:child_process';
import { randomToken } from '../../src/platform/secrets.ts';
import { startTestApp, type TestApp } from '../support/app.ts';
import { CrossAppStage } from '../support/cross-app.ts';
import { examplesOf, runExamples } from '../support/guide-examples.ts';

describe('the page about cross-app access', () => {
  let app: TestApp;
  let foreign: TestApp;
  before(async function () {
    if (spawnSync('curl', ['--version']).error) this.skip();
    [app, foreign] = await Promise.all([startTestApp(), startTestApp({ env: { SECRET_KEY: randomToken(36) } })]);
  });
  after(async () => {
    await Promise.all([app?.stop(), foreign?.stop()]);
  });

  for (const [where, servers] of [
    ['two tenants', () => [app, app] as const],
    ['two servers', () => [app, foreign] as const],
  ] as const)
    it(`shows examples that do what they say between ${where}`, async () => {
      const stage = await CrossAppStage.create(...servers());
      const { id_token: idToken = '' } = await stage.signIn(await stage.traveller());
      const { home, away } = stage;
      await runExamples(examplesOf('cross-app-access.md'), {
        ISSUER: home.app.issuer,
        CLIENT_ID: home.party.clientId,
        CLIENT_SECRET: home.party.clientSecret,
        ID_TOKEN: idToken,
        ISSUER_THERE: away.app.issuer,
        CLIENT_ID_THERE: away.client.clientId,
        CLIENT_SECRET_THERE: away.client.clientSecret,
        LEDGER: away.api.identifier,
        SCOPE: away.api.capabilities.join(' '),
      });
    });
});
