/**
 * What the relying party must know: from the environment, else from what a development server wrote about its sample
 * content. Refuses to guess: without credentials it says where they come from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Settings {
  /** What the application calls itself. */
  name: string;
  issuer: string;
  clientId: string;
  clientSecret: string;
  port: number;
  /** Where browsers reach this application, without a trailing slash. */
  baseUrl: string;
  scope: string;
  /** The API that is called for the person: its audience URI, and the address that is asked. */
  api: { identifier: string; url: string };
}

interface Credentials {
  name: string;
  clientId: string;
  clientSecret: string;
}

/** The part of `development-accounts.json` that these applications need. */
export interface DevelopmentAccounts {
  issuer: string;
  people: { email: string; password: string }[];
  clients: { portal: Credentials; reports: Credentials };
  api: { identifier: string };
}

/** A reason not to start that the reader can do something about. */
export class SettingsError extends Error {}

const defaults = {
  port: 4000,
  scope: 'openid profile email phone roles capabilities org inventory.read',
  apiIdentifier: 'https://api.northwind.example/',
  apiUrl: 'http://localhost:4002/inventory',
};

/** What a development server wrote into its data directory. @throws SettingsError where there is nothing */
export function readDevelopmentAccounts(dataDirectory = '.data'): DevelopmentAccounts {
  try {
    return JSON.parse(readFileSync(join(dataDirectory, 'development-accounts.json'), 'utf8')) as DevelopmentAccounts;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    throw new SettingsError(
      'There are no sample accounts yet: Gatehouse makes them at its first start. In another terminal: npm start\n' +
        'For a server of your own set ISSUER, CLIENT_ID and CLIENT_SECRET.',
    );
  }
}

/**
 * The settings of the sample portal. ISSUER, CLIENT_ID and CLIENT_SECRET belong together: either all three are set, or
 * none and the sample content is used.
 * @throws SettingsError
 */
export function loadSettings(environment: NodeJS.ProcessEnv): Settings {
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT, BASE_URL, SCOPE, API_IDENTIFIER, API_URL, DATA_DIR } = environment;
  const common = {
    ...address(Number(PORT ?? defaults.port), BASE_URL),
    scope: SCOPE ?? defaults.scope,
    api: { identifier: API_IDENTIFIER ?? defaults.apiIdentifier, url: API_URL ?? defaults.apiUrl },
  };
  if (ISSUER && CLIENT_ID && CLIENT_SECRET)
    return { name: 'Sample portal', issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, ...common };
  if (ISSUER || CLIENT_ID || CLIENT_SECRET)
    throw new SettingsError('Set ISSUER, CLIENT_ID and CLIENT_SECRET together, or none of them.');
  const { issuer, clients } = readDevelopmentAccounts(DATA_DIR);
  const { name, clientId, clientSecret } = clients.portal;
  return { name, issuer, clientId, clientSecret, ...common };
}

/** The same application as a third party's: another client, which asks for less and needs the person's consent. */
export function reportsSettings({ issuer, clients }: DevelopmentAccounts, port: number): Settings {
  const { name, clientId, clientSecret } = clients.reports;
  const api = { identifier: defaults.apiIdentifier, url: defaults.apiUrl };
  return { name, issuer, clientId, clientSecret, ...address(port), scope: 'openid profile email', api };
}

function address(port: number, baseUrl = `http://localhost:${port}`): Pick<Settings, 'port' | 'baseUrl'> {
  return { port, baseUrl: baseUrl.replace(/\/$/, '') };
}
