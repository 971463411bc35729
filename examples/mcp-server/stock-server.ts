/**
 * A server of the Model Context Protocol that trusts Gatehouse: it says where its tokens come from (RFC 9728), takes those
 * that are for it (RFC 8707, RFC 9068), and answers what the person may know, to an agent of theirs.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { AuthInfo } from '@modelcontextprotocol/sdk/server/auth/types.js';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StreamableHTTPServerTransport } from '@modelcontextprotocol/sdk/server/streamableHttp.js';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { z } from 'zod';

export interface StockServerOptions {
  issuer: string;
  /** Its own address, which is its identifier too: `http://localhost:4010/mcp`. */
  resource: string;
}

/** What a token has to let the client do. */
export const stockScope = 'stock.look';

const stock: Record<string, number> = { aspirin: 1200, bandages: 340, thermometers: 25 };

/** RFC 9728 section 3.1: before the path of the resource. */
export function metadataAddress(resource: string): string {
  const { origin, pathname } = new URL(resource);
  return `${origin}/.well-known/oauth-protected-resource${pathname}`;
}

function toolsFor({ clientId, extra }: AuthInfo): McpServer {
  const server = new McpServer({ name: 'stock', version: '1.0.0' });
  server.registerTool(
    'stock_level',
    { description: 'How many of an item there are', inputSchema: { item: z.string() } },
    ({ item }) => ({
      content: [{ type: 'text', text: `${item}: ${stock[item] ?? 'unknown'}, for ${extra?.subject} by ${clientId}` }],
    }),
  );
  return server;
}

export function createStockServer({ issuer, resource }: StockServerOptions): Server {
  const keys = createRemoteJWKSet(new URL(`${issuer}/jwks`));
  const where = `resource_metadata="${metadataAddress(resource)}"`;

  function refuse(res: ServerResponse, status: number, challenge: string): undefined {
    res.writeHead(status, { 'www-authenticate': `Bearer ${challenge}` }).end();
  }

  /** Who asks; undefined where that has been answered. */
  async function authenticate(req: IncomingMessage, res: ServerResponse): Promise<AuthInfo | undefined> {
    const [, token] = /^Bearer ([\w.-]+)$/i.exec(req.headers.authorization ?? '') ?? [];
    if (token === undefined) return refuse(res, 401, `scope="openid offline_access ${stockScope}", ${where}`);
    const expected = { issuer, audience: resource, typ: 'at+jwt', algorithms: ['ES256'] };
    const verified = await jwtVerify(token, keys, expected).catch(() => undefined);
    // A token that is bound to a key is worth nothing without a proof, and nobody checks proofs here.
    if (!verified || verified.payload.cnf !== undefined) return refuse(res, 401, `error="invalid_token", ${where}`);
    const { sub, scope, client_id: clientId, exp } = verified.payload;
    const scopes = String(scope ?? '').split(' ');
    if (!scopes.includes(stockScope))
      return refuse(res, 403, `error="insufficient_scope", scope="${stockScope}", ${where}`);
    return { token, clientId: String(clientId), scopes, expiresAt: exp, extra: { subject: sub } };
  }

  async function answer(req: IncomingMessage & { auth?: AuthInfo }, res: ServerResponse): Promise<void> {
    if (req.url === new URL(metadataAddress(resource)).pathname) {
      const scopes = ['openid', 'offline_access', stockScope];
      const metadata = { resource, authorization_servers: [issuer], scopes_supported: scopes };
      res.setHeader('content-type', 'application/json').end(JSON.stringify(metadata));
      return;
    }
    if (req.url !== new URL(resource).pathname) return void res.writeHead(404).end();
    const auth = await authenticate(req, res);
    if (!auth) return;
    if (req.method !== 'POST') return void res.writeHead(405, { allow: 'POST' }).end();
    req.auth = auth;
    // Each request stands for itself: no session, nothing that another token could go on with.
    const transport = new StreamableHTTPServerTransport({ sessionIdGenerator: undefined, enableJsonResponse: true });
    const server = toolsFor(auth);
    res.once('close', () => void server.close());
    await server.connect(transport as Parameters<McpServer['connect']>[0]);
    await transport.handleRequest(req, res, await json(req));
  }

  return createServer((req, res) => {
    answer(req, res).catch(() => {
      if (!res.headersSent) res.writeHead(400);
      res.end();
    });
  });
}
