/** What the service must know: from the environment, else from what a development server wrote about its sample content. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceOptions } from './service.ts';

/** The part of `development-accounts.json` that this program needs. */
interface DevelopmentAccounts {
  issuer: string;
  service: { clientId: string; clientSecret: string };
  api: { identifier: string };
}

/** ISSUER, CLIENT_ID and CLIENT_SECRET belong together. @throws Error where neither source has them */
export function loadServiceSettings(environment: NodeJS.ProcessEnv): ServiceOptions {
  const { ISSUER, CLIENT_ID, CLIENT_SECRET, API_IDENTIFIER, SCOPE, DATA_DIR } = environment;
  const scope = SCOPE ?? 'inventory.read';
  if (ISSUER && CLIENT_ID && CLIENT_SECRET) {
    const resource = API_IDENTIFIER ?? 'https://api.northwind.example/';
    return { issuer: ISSUER, clientId: CLIENT_ID, clientSecret: CLIENT_SECRET, resource, scope };
  }
  if (ISSUER || CLIENT_ID || CLIENT_SECRET) throw new Error('Set ISSUER, CLIENT_ID and CLIENT_SECRET together.');
  let text: string;
  try {
    text = readFileSync(join(DATA_DIR ?? '.data', 'development-accounts.json'), 'utf8');
  } catch {
    throw new Error(
      'There are no sample accounts yet: Gatehouse makes them at its first start. In another terminal: npm start\n' +
        'For a server of your own set ISSUER, CLIENT_ID and CLIENT_SECRET.',
    );
  }
  const { issuer, service, api } = JSON.parse(text) as DevelopmentAccounts;
  return { issuer, ...service, resource: API_IDENTIFIER ?? api.identifier, scope };
}
