/** `npm run example`: the sample portal and the sample API beside a Gatehouse that runs already. Ctrl-C ends both. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { createRelyingParty } from './relying-party/relying-party.ts';
import { loadSettings, readDevelopmentAccounts, SettingsError } from './relying-party/settings.ts';
import { createApi } from './service/api.ts';

async function listen(server: Server, port: number, name: string): Promise<void> {
  server.listen(port, 'localhost');
  try {
    await once(server, 'listening');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new SettingsError(code === 'EADDRINUSE' ? `Port ${port} of ${name} is taken.` : (error as Error).message);
  }
}

async function isRunning(issuer: string): Promise<boolean> {
  const answer = await fetch(`${issuer}/healthz`, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  return answer?.ok === true;
}

async function main(): Promise<void> {
  const settings = loadSettings(process.env);
  if (!(await isRunning(settings.issuer)))
    throw new SettingsError(
      `No Gatehouse answers at ${settings.issuer}. Start it first, in another terminal: npm run dev`,
    );

  const api = createApi({ issuer: settings.issuer, audience: settings.api.identifier });
  const portal = await createRelyingParty(settings);
  await listen(api, Number(new URL(settings.api.url).port), 'the API');
  await listen(portal, settings.port, 'the portal');

  const person = readDevelopmentAccounts(process.env.DATA_DIR ?? '.data')?.people[0];
  const as = person ? `\n  Sign in as ${person.email} with ${person.password}` : '';
  console.log(`\n  The sample portal is at ${settings.baseUrl}/\n  The sample API is at ${settings.api.url}${as}\n`);

  const stop = () => {
    for (const server of [portal, api]) {
      server.close();
      server.closeAllConnections();
    }
  };
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}
