/** All registrations of a tenant, or of the server, at once and with what hangs on them: for what compares them. Changes nothing. */
import { type Database, rows } from '../../platform/database.ts';
import type { ClientRow } from './client-store.ts';

export interface WholeClient extends ClientRow {
  /** Of a service: what it may ask for; sorted. */
  capabilities: string[];
  /** Of a service: what it may get for people by token exchange; sorted. */
  exchangeCapabilities: string[];
  /** Of a service: the identifier of the API that it is. */
  api: string | null;
  /** Tokens of its platform that prove a service, in the order in which they were added. */
  workloadIdentities: {
    id: string;
    issuer: string;
    audience: string;
    subject: string;
    jwksUri: string | null;
    singleUse: boolean;
  }[];
  /** Servers for which an application may get assertions, in the order in which they were added. */
  crossAppAudiences: { id: string; audience: string; audienceClientId: string; scopes: string[] }[];
}

/**
 * Those that somebody registered, in one statement: neither what registered itself nor what is known by a document.
 * @param query.tenantId null: those that serve all tenants
 */
export async function findWholeClients(
  db: Database,
  { tenantId, services }: { tenantId: string | null; services: boolean },
): Promise<WholeClient[]> {
  return rows<WholeClient>(
    db,
    `select c.id, c.tenant_id, c.client_id, c.kind, c.name, c.state, c.first_party, c.resource_server_id, c.security_profile,
            c.metadata, r.identifier as api,
            array(select k.key
                    from client_capabilities cc
                    join capabilities k on k.id = cc.capability_id and k.deleted_at is null
                   where cc.client_id = c.id
                   order by k.key) as capabilities,
            array(select k.key
                    from client_exchange_capabilities ce
                    join capabilities k on k.id = ce.capability_id and k.deleted_at is null
                   where ce.client_id = c.id
                   order by k.key) as exchange_capabilities,
            (select coalesce(jsonb_agg(jsonb_build_object('id', w.id, 'issuer', w.issuer, 'audience', w.audience,
                      'subject', w.subject, 'jwksUri', w.jwks_uri, 'singleUse', w.single_use) order by w.id), '[]')
               from workload_identities w
              where w.client_id = c.id) as workload_identities,
            (select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'audience', a.audience,
                      'audienceClientId', a.audience_client_id, 'scopes', a.scopes) order by a.id), '[]')
               from cross_app_audiences a
              where a.client_id = c.id) as cross_app_audiences
       from clients c
       left join resource_servers r on r.id = c.resource_server_id
      where c.tenant_id is not distinct from :tenantId::uuid and (c.kind = 'service') = :services and c.deleted_at is null
        and c.client_id not like 'https://%'
        and not exists (select from client_registrations d where d.client_id = c.id)
      order by c.id`,
    { tenantId, services },
  );
}
