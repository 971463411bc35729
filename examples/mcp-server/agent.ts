/**
 * An agent: the official client of the Model Context Protocol. Told nothing but the address of a server, it finds out
 * where to sign a person in, becomes a client there, sends the person to sign in and to consent, and calls the server's tools.
 */
import { randomUUID } from 'node:crypto';
import type { OAuthClientProvider } from '@modelcontextprotocol/sdk/client/auth.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { OAuthClientInformationMixed, OAuthTokens } from '@modelcontextprotocol/sdk/shared/auth.js';

export interface AgentOptions {
  /** The address of the MCP server. */
  server: string;
  /** Where the person comes back to, on their own machine. */
  redirectUrl: string;
  /** Sends the person's browser to an address; answers the one that it came back to. */
  openBrowser(address: URL): Promise<URL>;
  /** The address of a document about this agent, where it has one (client ID metadata documents). */
  clientMetadataUrl?: string;
  /** For an authorization server that registers who holds a token (RFC 7591). */
  registration?: { endpoint: string; token: string };
}

export interface Agent {
  client: Client;
  /** What it holds: of a real one, in the machine's keychain. */
  kept: Kept;
  close(): Promise<void>;
}

interface Kept {
  information?: OAuthClientInformationMixed;
  tokens?: OAuthTokens;
}

/** Adds the initial access token to the request that registers, and to no other. */
function fetchWith({ registration }: AgentOptions): typeof fetch {
  return (input, init = {}) => {
    const address = input instanceof Request ? input.url : String(input);
    if (!registration || address !== registration.endpoint) return fetch(input, init);
    const headers = new Headers(init.headers);
    headers.set('authorization', `Bearer ${registration.token}`);
    return fetch(input, { ...init, headers });
  };
}

/** The SDK waits for the person within its first request, for which it has a minute: too short for who looks for their phone. */
const signInMs = 15 * 60_000;

/** Connects, and has the person sign in where the server asks for it. */
export async function connectAgent(options: AgentOptions): Promise<Agent> {
  const { server, redirectUrl, clientMetadataUrl, openBrowser } = options;
  const kept: Kept = {};
  const state = randomUUID();
  let verifier = '';
  let cameBack: URL | undefined;
  const authProvider: OAuthClientProvider = {
    redirectUrl,
    clientMetadataUrl,
    clientMetadata: {
      client_name: 'Stock assistant',
      redirect_uris: [redirectUrl],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
      token_endpoint_auth_method: 'none',
      // Gatehouse then tells people that it acts by itself, and asks them for how long.
      ...{ agent: true },
    },
    state: () => state,
    clientInformation: () => kept.information,
    saveClientInformation: (information) => void Object.assign(kept, { information }),
    tokens: () => kept.tokens,
    saveTokens: (tokens) => void Object.assign(kept, { tokens }),
    saveCodeVerifier: (value) => {
      verifier = value;
    },
    codeVerifier: () => verifier,
    async redirectToAuthorization(address) {
      cameBack = await openBrowser(address);
    },
  };
  const transport = () =>
    new StreamableHTTPClientTransport(new URL(server), { authProvider, fetch: fetchWith(options) });
  const connect = async () => {
    const client = new Client({ name: 'stock-assistant', version: '1.0.0' });
    const way = transport();
    try {
      await client.connect(way as Parameters<Client['connect']>[0], { timeout: signInMs });
      return client;
    } catch (error) {
      if (!(error instanceof UnauthorizedError) || !cameBack) throw error;
      await way.finishAuth(codeOf(cameBack, state));
      cameBack = undefined;
      return undefined;
    }
  };
  const client = (await connect()) ?? (await connect());
  if (!client) throw new Error('the server asks to sign in again and again');
  return { client, kept, close: () => client.close() };
}

/** The code that the browser brought, if it is the answer to what was asked (RFC 6749 section 4.1.2). */
function codeOf(cameBack: URL, state: string): string {
  const { searchParams } = cameBack;
  if (searchParams.get('state') !== state) throw new Error('this is the answer to another request');
  const code = searchParams.get('code');
  if (code === null)
    throw new Error(`not signed in: ${searchParams.get('error_description') ?? searchParams.get('error')}`);
  return code;
}
