/** Runs the relying party alone: `node examples/relying-party/start.ts`. See README.md for its settings. */
import { createRelyingParty } from './relying-party.ts';
import { loadSettings } from './settings.ts';

try {
  const settings = loadSettings(process.env);
  const server = await createRelyingParty(settings);
  server.listen(settings.port, 'localhost', () => console.log(`${settings.name} is at ${settings.baseUrl}/`));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
