/**
 * The sample content of development with the sample applications on it, as `npm run example` has them, but at ports that
 * are free.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { createRelyingParty } from '../../examples/relying-party/relying-party.ts';
import { loadSettings, reportsSettings } from '../../examples/relying-party/settings.ts';
import { createApi } from '../../examples/service/api.ts';
import { type DevelopmentAccounts, loadSeeds } from '../../seeds/development.ts';
import { startTestApp, type TestApp } from './app.ts';
import { freePort } from './free-port.ts';

export const sampleAudience = 'https://api.northwind.example/';

export type SamplePerson = DevelopmentAccounts['people'][number];

export interface Application {
  url: string;
  close(): Promise<void>;
}

export interface SampleApp {
  app: TestApp;
  accounts: DevelopmentAccounts;
  /** The sample API. */
  api: Application;
  personNamed(name: string): SamplePerson;
  startApplication(which: 'portal' | 'reports'): Promise<Application>;
  stop(): Promise<void>;
}

async function listenOn(server: Server, port: number): Promise<Application> {
  server.listen(port, 'localhost');
  await once(server, 'listening');
  return {
    url: `http://localhost:${port}`,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** The sample API, for an issuer that need not be there. */
export async function startSampleApi(issuer: string): Promise<Application> {
  return listenOn(createApi({ issuer, audience: sampleAudience }), await freePort());
}

export async function startSampleApp(): Promise<SampleApp> {
  const app = await startTestApp({ runJobs: true });
  const { dataDirectory } = app.config;
  await loadSeeds(app.db, app);
  const accounts = JSON.parse(
    readFileSync(join(dataDirectory, 'development-accounts.json'), 'utf8'),
  ) as DevelopmentAccounts;
  const api = await startSampleApi(app.issuer);

  return {
    app,
    accounts,
    api,
    personNamed(name) {
      const person = accounts.people.find((candidate) => candidate.name === name);
      assert.ok(person, name);
      return person;
    },
    async startApplication(which) {
      const port = await freePort();
      const url = `http://localhost:${port}`;
      const addresses = {
        redirect_uris: [`${url}/callback`],
        post_logout_redirect_uris: [`${url}/`],
        backchannel_logout_uri: `${url}/backchannel-logout`,
        backchannel_logout_session_required: true,
      };
      await app.db.raw('update clients set metadata = metadata || ?::jsonb where client_id = ?', [
        JSON.stringify(addresses),
        accounts.clients[which].clientId,
      ]);
      const environment = { DATA_DIR: dataDirectory, PORT: String(port), API_URL: `${api.url}/inventory` };
      const settings = which === 'portal' ? loadSettings(environment) : reportsSettings(accounts, port);
      return listenOn(await createRelyingParty(settings), port);
    },
    async stop() {
      await api.close();
      await app.stop();
    },
  };
}
