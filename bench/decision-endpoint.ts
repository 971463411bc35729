/** The AuthZEN evaluation endpoint over HTTP, on the data set of effective-access.ts, with a connection kept open. */
import { Agent, request } from 'node:http';
import { loadConfig } from '../src/config.ts';
import { systemCaller } from '../src/domain/audit/audit-events.ts';
import { createService } from '../src/domain/clients/clients.ts';
import { createResourceServer } from '../src/domain/resource-servers/resource-servers.ts';
import { ensureSigningKeys } from '../src/oidc/keys.ts';
import { createDatabase } from '../src/platform/database.ts';
import { createLogger } from '../src/platform/logger.ts';
import { createSecrets, randomToken } from '../src/platform/secrets.ts';
import { createGatehouse } from '../src/server.ts';
import { freePort } from '../test/support/free-port.ts';

export interface DecisionEndpoint {
  evaluate(question: { userId: string; orgNodeId: string; capability: string }): Promise<boolean>;
  stop(): Promise<void>;
}

/** Starts a server on the database and an API that asks it. */
export async function startDecisionEndpoint(databaseUrl: string, tenantId: string): Promise<DecisionEndpoint> {
  const port = await freePort();
  const secretKey = randomToken(36);
  const config = loadConfig({ NODE_ENV: 'test', DATABASE_URL: databaseUrl, SECRET_KEY: secretKey, PORT: String(port) });
  const db = createDatabase({ url: databaseUrl, poolMax: 1 });
  await ensureSigningKeys(db, createSecrets([secretKey]), systemCaller);
  const server = await createResourceServer(
    db,
    { tenantId: null, identifier: 'https://bench.example/', name: 'Bench' },
    systemCaller,
  );
  const { client, clientSecret } = await createService(
    db,
    { tenantId, name: 'Bench API', capabilities: [], resourceServerId: server.id },
    systemCaller,
  );
  await db.destroy();
  const gatehouse = await createGatehouse({
    config,
    databaseUrl,
    logger: createLogger({ level: 'silent' }),
    runJobs: false,
  });
  await gatehouse.listen('127.0.0.1', port);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const authorization = `Basic ${Buffer.from(`${client.clientId}:${clientSecret}`).toString('base64')}`;

  return {
    evaluate: ({ userId, orgNodeId, capability }) =>
      new Promise((resolve, reject) => {
        const body = JSON.stringify({
          subject: { type: 'user', id: userId },
          action: { name: capability },
          resource: { type: 'org_node', id: orgNodeId },
        });
        const req = request(
          `http://127.0.0.1:${port}/access/v1/evaluation`,
          { method: 'POST', agent, headers: { authorization, 'content-type': 'application/json' } },
          (res) => {
            let text = '';
            res.on('data', (chunk) => {
              text += chunk;
            });
            res.on('end', () =>
              res.statusCode === 200
                ? resolve(JSON.parse(text).decision)
                : reject(new Error(`${res.statusCode} ${text}`)),
            );
          },
        );
        req.on('error', reject);
        req.end(body);
      }),
    async stop() {
      agent.destroy();
      await gatehouse.stop();
    },
  };
}
