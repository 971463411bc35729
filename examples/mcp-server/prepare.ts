/** What an operator does once: the MCP server is an API, some people may use it, and agents register themselves by a token. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { stockScope } from './stock-server.ts';

const gatehouse = fileURLToPath(new URL('../../bin/gatehouse.js', import.meta.url));
const tenant = ['--tenant', 'northwind'];

export interface Prepared {
  /** By which agents register. */
  initialAccessToken: string;
}

/**
 * Runs the commands on the sample content. What is there already stays.
 * @param environment says which server: ISSUER, and DATA_DIR or DATABASE_URL with what belongs to it
 */
export async function prepare(resource: string, environment: NodeJS.ProcessEnv): Promise<Prepared> {
  const { PORT: _, ...env } = environment;
  // biome-ignore lint/suspicious/noExplicitAny: each command has an answer of its own
  const run = async (...words: string[]): Promise<any> => {
    const { stdout } = await promisify(execFile)(process.execPath, [gatehouse, ...words, '--json'], { env });
    return JSON.parse(stdout);
  };
  const unlessThere = (words: string[]) =>
    run(...words).catch((error: { stdout?: string }) => {
      if (!error.stdout?.includes('DUPLICATE')) throw error;
    });

  const named = ['--identifier', resource, '--name', 'Stock tools'];
  await unlessThere(['apis', 'create', ...tenant, ...named, '--capability', `${stockScope}=See how much there is`]);
  const { items: roles } = await run('roles', 'list', ...tenant);
  const director = (roles as { id: string; name: string }[]).find(({ name }) => name === 'Director');
  if (!director) throw new Error('the sample content has no directors');
  await run('roles', 'capabilities-add', director.id, stockScope, ...tenant);
  await run('tenants', 'set', 'northwind', '--client-registration', 'on');
  const policy = ['--redirect-hosts', '["localhost"]', '--most-uses', '100'];
  const scopes = JSON.stringify(['openid', 'offline_access', stockScope]);
  const token = ['initial-access-tokens', 'create', ...tenant, '--name', 'Stock assistants', ...policy];
  const { token: initialAccessToken } = await run(...token, '--scopes', scopes);
  return { initialAccessToken };
}
