/** `npm run example -- mcp`: the MCP server, and an agent that signs a person in to it. A Gatehouse must run. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectAgent } from './agent.ts';
import { prepare } from './prepare.ts';
import { createStockServer } from './stock-server.ts';

/** Where the person's browser comes back to. */
async function startReturning(): Promise<{ server: Server; address: string; cameBack: Promise<URL> }> {
  const { promise: cameBack, resolve } = Promise.withResolvers<URL>();
  const server = createServer((req, res) => {
    const url = new URL(req.url ?? '/', 'http://127.0.0.1');
    if (url.pathname !== '/callback') return void res.writeHead(404).end();
    res.setHeader('content-type', 'text/plain').end('Done. You can close this window and look at the terminal.\n');
    resolve(url);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`, cameBack };
}

/** @param signIn tells of whom to sign in as */
export async function startMcpExample({ issuer, port, signIn }: { issuer: string; port: number; signIn: string }) {
  const resource = `http://localhost:${port}/mcp`;
  console.log('Registering the MCP server, and a token by which agents register themselves.');
  const { initialAccessToken } = await prepare(resource, { ...process.env, ISSUER: issuer });
  const stock = createStockServer({ issuer, resource }).listen(port, 'localhost');
  await once(stock, 'listening');
  const returning = await startReturning();
  try {
    const agent = await connectAgent({
      server: resource,
      redirectUrl: returning.address,
      registration: { endpoint: `${issuer}/register`, token: initialAccessToken },
      async openBrowser(address) {
        console.log(
          `\n  The agent wants to use ${resource} for you. Open this in a browser:\n\n  ${address}\n\n  ${signIn}\n`,
        );
        return returning.cameBack;
      },
    });
    const { tools } = await agent.client.listTools();
    console.log(`The server has: ${tools.map(({ name }) => name).join(', ')}`);
    const answer = await agent.client.callTool({ name: 'stock_level', arguments: { item: 'aspirin' } });
    console.log(`The agent asked for aspirin: ${JSON.stringify(answer.content)}`);
    console.log(`\nEnd it at ${issuer}/account/applications`);
    await agent.close();
  } finally {
    for (const server of [stock, returning.server]) {
      server.close();
      server.closeAllConnections();
    }
  }
}
