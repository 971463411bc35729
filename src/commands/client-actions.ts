/** What applications and services have in common on the command line: finding one, a new secret, what is shown of it. */

import type { Config } from '../config.ts';
import { systemCaller } from '../domain/audit/audit-events.ts';
import { type ClientRow, findClient } from '../domain/clients/client-store.ts';
import { type CreatedClient, rotateClientSecret } from '../domain/clients/clients.ts';
import { disableClient } from '../domain/lifecycle/end-client.ts';
import type { Database } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import type { CommandResult } from './frame/command-action.ts';
import { fields, printable } from './frame/terminal-text.ts';
import { withDatabase } from './frame/with-database.ts';

const secretNote = 'The secret is shown this once. Keep it where nobody else reads it.';

async function clientOf(db: Database, clientId: string, services: boolean): Promise<ClientRow> {
  const client = await findClient(db, clientId);
  if (!client || (services && client.kind !== 'service'))
    throw new DomainError('not_found', 'NOT_FOUND', { entity: services ? 'service' : 'client', value: clientId });
  return client;
}

/** What somebody needs to use a new client. `more` goes between its secret and the server's addresses. */
export function shownClient(
  { client, clientSecret }: CreatedClient,
  { issuer }: Config,
  more: Record<string, string | string[] | boolean | null | undefined>,
): CommandResult {
  const discovery = `${issuer}/.well-known/openid-configuration`;
  const addresses = { issuer, discovery };
  const shown = Object.fromEntries(
    Object.entries(more).map(([name, value]) => [
      name.replaceAll('_', ' '),
      Array.isArray(value) ? value.join(' ') : value === null ? 'all' : value,
    ]),
  );
  const text = fields({
    client_id: client.clientId,
    client_secret: clientSecret,
    authentication: String(client.metadata.token_endpoint_auth_method),
    ...shown,
    ...addresses,
  });
  return {
    data: {
      client_id: client.clientId,
      client_secret: clientSecret,
      name: client.name,
      kind: client.kind,
      token_endpoint_auth_method: client.metadata.token_endpoint_auth_method,
      ...more,
      ...addresses,
    },
    text: `${printable(client.name)} is registered.\n\n${text}${clientSecret ? `\n\n${secretNote}` : ''}`,
  };
}

/** @param services refuse what is no service */
export async function rotateSecret(
  clientId: string,
  overlapSeconds: number,
  services: boolean,
): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const client = await clientOf(db, clientId, services);
    const { clientSecret } = await rotateClientSecret(db, clientId, overlapSeconds, systemCaller);
    const before = overlapSeconds === 0 ? 'do not work any more' : `work for ${overlapSeconds} seconds more`;
    return {
      data: { client_id: clientId, client_secret: clientSecret, overlap_seconds: overlapSeconds },
      text: `${printable(client.name)} has a new secret; those before it ${before}.\n\n${fields({ client_id: clientId, client_secret: clientSecret })}\n\n${secretNote}`,
    };
  });
}

export async function disable(clientId: string): Promise<CommandResult> {
  return withDatabase(async ({ db }) => {
    const client = await clientOf(db, clientId, false);
    await disableClient(db, clientId, systemCaller);
    return {
      data: { client_id: clientId, state: 'disabled' },
      text: `${printable(client.name)} is disabled; its tokens and grants have ended.`,
    };
  });
}
