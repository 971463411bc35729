/**
 * Where an application may be reached is registered: sign-in ends at no other address. The sample content registers the
 * usual ports; at others the samples register themselves, by the commands that an operator would use.
 */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { type Settings, SettingsError } from './relying-party/settings.ts';

const gatehouse = fileURLToPath(new URL('../bin/gatehouse.js', import.meta.url));

interface Registered {
  redirect_uris: string[];
  post_logout_redirect_uris: string[];
  backchannel_logout_uri?: string;
}

/**
 * Has a client of the sample tenant know the address of an application. What is registered already stays.
 * @throws SettingsError where the commands cannot do it
 */
export async function registerAddress({ clientId, issuer, baseUrl }: Settings): Promise<void> {
  const run = async (...words: string[]) => {
    // PORT is the example's; DATA_DIR says on which database, and ISSUER for which server.
    const { PORT: _, ...environment } = process.env;
    const env = { ...environment, ISSUER: issuer };
    const command = ['clients', ...words, '--tenant', 'northwind', '--json'];
    const { stdout } = await promisify(execFile)(process.execPath, [gatehouse, ...command], { env }).catch(
      ({ stderr, message }: Error & { stderr?: string }) => {
        throw new SettingsError(`${baseUrl} cannot be registered for ${clientId}: ${stderr || message}`);
      },
    );
    return (JSON.parse(stdout) as { metadata: Registered }).metadata;
  };

  const before = await run('get', clientId);
  const addresses = {
    redirect: [...new Set([...before.redirect_uris, `${baseUrl}/callback`])],
    afterLogout: [...new Set([...before.post_logout_redirect_uris, `${baseUrl}/`])],
    logout: before.backchannel_logout_uri && `${baseUrl}/backchannel-logout`,
  };
  const isThere =
    addresses.redirect.length === before.redirect_uris.length &&
    addresses.afterLogout.length === before.post_logout_redirect_uris.length &&
    addresses.logout === before.backchannel_logout_uri;
  if (isThere) return;
  console.log(`Registering ${baseUrl} for ${clientId}.`);
  const options = ['--redirect-uris', JSON.stringify(addresses.redirect)];
  options.push('--post-logout-redirect-uris', JSON.stringify(addresses.afterLogout));
  if (addresses.logout) options.push('--metadata', JSON.stringify({ backchannel_logout_uri: addresses.logout }));
  await run('update', clientId, ...options);
}
