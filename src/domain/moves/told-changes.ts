/**
 * What a move changes for whom: for each application, service, provider and listener of a tenant, in words that its developers are
 * sent. The issuer changes, and nothing that was given for one issuer is good at another (RFC 9700, RFC 8414 section 3.3); ids
 * and secrets stay. Says also what people have to do anew. Reads alone.
 */
import { type Database, firstRow, rows } from '../../platform/database.ts';

export interface ToldChange {
  /** `client_id`, key, or address. */
  id: string;
  name: string;
  kind: 'web' | 'spa' | 'native' | 'service' | 'provider' | 'webhook' | 'stream';
  /** Sentences. */
  changes: string[];
}

export interface MoveReport {
  from: string;
  to: string;
  told: ToldChange[];
  /** How many people have it, and have to make it anew. */
  people: { passkeys: number; recoveryCodes: number };
}

interface ClientRow {
  clientId: string;
  name: string;
  kind: 'web' | 'spa' | 'native' | 'service';
  method: string | null;
  logoutUri: string | null;
  workloads: number;
}

/** @param move the issuers: what it was, what it is */
export async function reportMove(
  db: Database,
  { tenantId, from, to }: { tenantId: string; from: string; to: string },
): Promise<MoveReport> {
  const clients = await rows<ClientRow>(
    db,
    `select c.client_id, c.name, c.kind, c.metadata ->> 'token_endpoint_auth_method' as method,
            c.metadata ->> 'backchannel_logout_uri' as logout_uri,
            (select count(*) from workload_identities w where w.client_id = c.id) as workloads
       from clients c
      where c.tenant_id = :tenantId and c.deleted_at is null
      order by c.kind, c.name, c.client_id`,
    { tenantId },
  );
  const providers = await rows<{ id: string; name: string }>(
    db,
    'select key as id, name from identity_providers where tenant_id = :tenantId order by key',
    { tenantId },
  );
  const listeners = await rows<{ id: string; name: string; kind: 'webhook' | 'stream' }>(
    db,
    `select url as id, name, 'webhook' as kind from webhooks where tenant_id = :tenantId
      union all
     select coalesce(endpoint_url, audience), description, 'stream' from event_streams where tenant_id = :tenantId
      order by 3, 1`,
    { tenantId },
  );
  const hasOneHost = new URL(from).hostname === new URL(to).hostname;
  const people = await firstRow<{ passkeys: number; recoveryCodes: number }>(
    db,
    `select (select count(distinct user_id) from passkeys where tenant_id = :tenantId) as passkeys,
            (select count(distinct user_id) from recovery_codes where tenant_id = :tenantId and used_at is null) as recovery_codes`,
    { tenantId },
  );
  return {
    from,
    to,
    told: [
      ...clients.map((client) => ({
        id: client.clientId,
        name: client.name,
        kind: client.kind,
        changes: ofClient(client, to),
      })),
      ...providers.map((provider) => ({
        ...provider,
        kind: 'provider' as const,
        changes: [
          `Register ${to}/callback/${provider.id} as a redirect URI there, beside the old one until the move is over.`,
        ],
      })),
      ...listeners.map((listener) => ({ ...listener, changes: ofListener(listener.kind, to) })),
    ],
    people: { passkeys: hasOneHost ? 0 : (people?.passkeys ?? 0), recoveryCodes: people?.recoveryCodes ?? 0 },
  };
}

function ofClient({ kind, method, logoutUri, workloads }: ClientRow, to: string): string[] {
  const discovery = `${to}/.well-known/openid-configuration`;
  if (kind === 'service')
    return [
      `Ask for tokens at ${to}/token. The id and the secret stay as they are.`,
      ...(method === 'private_key_jwt' ? [`The audience of the assertions it signs is ${to}.`] : []),
      ...(workloads > 0
        ? [`The platform whose tokens it shows has to name ${to} as their audience, where it named the old issuer.`]
        : []),
    ];
  return [
    `Set the issuer to ${to} and read ${discovery} anew. The client id, the secret and the redirect URIs stay as they are.`,
    'ID tokens and access tokens have the new issuer (iss) and other keys. What was given before is refused: people sign in once more; `sub` stays as it is.',
    ...(logoutUri ? [`Logout tokens that come to ${logoutUri} have the new issuer.`] : []),
    ...(kind === 'native' ? ['Whatever is built into the application is good in a new version alone.'] : []),
  ];
}

function ofListener(kind: 'webhook' | 'stream', to: string): string[] {
  return kind === 'webhook'
    ? [
        'Events come from another server, with the same signing secret. `tenant.moved` was the last one of the old server.',
      ]
    : [`Read ${to}/.well-known/ssf-configuration anew: security event tokens have the new issuer and other keys.`];
}

/** For people: a document of Markdown. */
export function reportText({ from, to, told, people }: MoveReport): string {
  const sections = told.map(
    ({ id, name, kind, changes }) =>
      `## ${name} (${kind}, \`${id}\`)\n\n${changes.map((change) => `- ${change}`).join('\n')}\n`,
  );
  const personal = [
    ...(people.passkeys > 0
      ? [
          `- Passkeys are bound to the host: ${people.passkeys} people sign in another way at first, and add one at ${to}/account.`,
        ]
      : []),
    ...(people.recoveryCodes > 0
      ? [`- Recovery codes stay behind: ${people.recoveryCodes} people make new ones at ${to}/account.`]
      : []),
    '- Everybody signs in once more, with the same password, second factor or provider.',
  ];
  return `# From ${from} to ${to}\n\nWhoever verifies access tokens trusts the issuer ${to} and its keys from now on.\n\n${sections.join('\n')}\n## People\n\n${personal.join('\n')}\n`;
}
