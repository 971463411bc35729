/**
 * What the relying party must know: from the environment, else from what a development server wrote about its sample
 * content. Refuses to guess: without credentials it says where they come from.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Settings {
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

/** The part of `development-accounts.json` that this application needs. */
interface DevelopmentAccounts {
  issuer: string;
  people: { email: string; password: string }[];
  clients: { portal: { clientId: string; clientSecret: string } };
  api: { identifier: string };
}

/** A reason not to start that the reader can do something about. */
export class SettingsError extends Error {}

/** Reads what a development server wrote into its data directory, or undefined where there is none. */
export function readDevelopmentAccounts(dataDirectory: string): DevelopmentAccounts | undefined {
  try {
    return JSON.parse(readFileSync(join(dataDirectory, 'development-accounts.json'), 'utf8')) as DevelopmentAccounts;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

/**
 * ISSUER, CLIENT_ID and CLIENT_SECRET belong together: either all three, or none and the sample content.
 * @throws SettingsError
 */
export function loadSettings(environment: NodeJS.ProcessEnv): Settings {
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, PORT, BASE_URL, SCOPE, API_IDENTIFIER, API_URL, DATA_DIR } = environment;
  const given = [ISSUER, CLIENT_ID, CLIENT_SECRET].filter(Boolean).length;
  if (given > 0 && given < 3) throw new SettingsError('Set ISSUER, CLIENT_ID and CLIENT_SECRET together.');

  const accounts = given === 3 ? undefined : readDevelopmentAccounts(DATA_DIR ?? '.data');
  if (given === 0 && !accounts) {
    throw new SettingsError(
      'There is no development-accounts.json yet: a Gatehouse in development writes it at its first start (npm run dev).\n' +
        'For another server set ISSUER, CLIENT_ID and CLIENT_SECRET.',
    );
  }
  const port = Number(PORT ?? 4000);
  return {
    issuer: ISSUER ?? accounts?.issuer ?? '',
    clientId: CLIENT_ID ?? accounts?.clients.portal.clientId ?? '',
    clientSecret: CLIENT_SECRET ?? accounts?.clients.portal.clientSecret ?? '',
    port,
    baseUrl: (BASE_URL ?? `http://localhost:${port}`).replace(/\/$/, ''),
    scope: SCOPE ?? 'openid profile email phone roles capabilities org inventory.read',
    api: {
      identifier: API_IDENTIFIER ?? accounts?.api.identifier ?? 'https://api.northwind.example/',
      url: API_URL ?? 'http://localhost:4001/inventory',
    },
  };
}
