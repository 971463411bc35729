/**
 * `npm run example`: two applications and an API beside a Gatehouse that runs already, on its sample content. Ctrl-C ends
 * them. PORT moves them together, and registers where they are then. `npm run example -- mcp`: an MCP server and an agent.
 */
import { once } from 'node:events';
import type { Server } from 'node:http';
import { registerAddress } from './own-addresses.ts';
import { createRelyingParty } from './relying-party/relying-party.ts';
import { loadSettings, readDevelopmentAccounts, reportsSettings, SettingsError } from './relying-party/settings.ts';
import { createApi } from './service/api.ts';

async function listen(server: Server, port: number): Promise<void> {
  server.listen(port, 'localhost');
  try {
    await once(server, 'listening');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw error;
    throw new SettingsError(`Port ${port} is taken by another program. Is the example running already?`);
  }
}

async function isRunning(issuer: string): Promise<boolean> {
  const answer = await fetch(`${issuer}/healthz`, { signal: AbortSignal.timeout(3000) }).catch(() => undefined);
  return answer?.ok === true;
}

async function main(): Promise<void> {
  const accounts = readDevelopmentAccounts(process.env.DATA_DIR);
  const port = Number(process.env.PORT ?? 4000);
  const apiUrl = `http://localhost:${port + 2}/inventory`;
  const settings = loadSettings({ DATA_DIR: process.env.DATA_DIR, PORT: String(port), API_URL: apiUrl });
  const { issuer, api } = settings;
  if (!(await isRunning(issuer)))
    throw new SettingsError(`No Gatehouse answers at ${issuer}. Start it first, in another terminal: npm start`);

  if (process.argv[2] === 'mcp') {
    const [person] = accounts.people;
    const signIn = `Sign in as ${person?.email} with the password ${person?.password}`;
    const { startMcpExample } = await import('./mcp-server/start.ts');
    return startMcpExample({ issuer, port: port + 10, signIn });
  }

  const reports = reportsSettings(accounts, port + 1);
  // Takes a moment: each is a command or two.
  await Promise.all([settings, reports].map(registerAddress));
  const servers = [
    await createRelyingParty(settings),
    await createRelyingParty(reports),
    createApi({ issuer, audience: api.identifier }),
  ];
  const stop = () => {
    for (const server of servers) {
      server.close();
      server.closeAllConnections();
    }
  };
  try {
    for (const [offset, server] of servers.entries()) await listen(server, port + offset);
  } catch (error) {
    stop();
    throw error;
  }
  process.once('SIGINT', stop);
  process.once('SIGTERM', stop);

  const { name: portalName, baseUrl } = settings;
  const [person] = accounts.people;
  console.log(`
  Open ${baseUrl}/

    ${baseUrl}/   ${portalName}, an application of the operator
    http://localhost:${port + 1}/   ${accounts.clients.reports.name}, a third party's: asks for consent, and not for the password again
    ${apiUrl}   the API that the portal asks in the person's name

  Sign in as ${person?.email} with the password ${person?.password}
`);
}

try {
  await main();
} catch (error) {
  console.error(error instanceof SettingsError ? error.message : error);
  process.exitCode = 1;
}
