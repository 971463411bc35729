/** Many people at once: the SQL by which an import finds, makes and completes them, one statement a table. */
import { type Database, rows } from '../../platform/database.ts';
import { newId } from '../../platform/ids.ts';
import type { checkedNewUser } from './users.ts';

/** What tells people apart in a tenant. */
export interface PeopleKeys {
  externalIds: readonly string[];
  usernames: readonly string[];
  emails: readonly string[];
  phones: readonly string[];
}

export interface HolderRow {
  id: string;
  email: string | null;
  phone: string | null;
  username: string | null;
  /** As the index has it. */
  usernameKey: string | null;
  externalId: string | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
  zoneinfo: string | null;
  state: 'active' | 'inactive';
  mfaRequired: boolean;
  hasMetadata: boolean;
  hasSignedIn: boolean;
  hasPassword: boolean;
  /** `provider issuer subject` of each account elsewhere. */
  identities: string[];
}

/** Who has one of these already. Each key is looked for by its own index. */
export async function selectHolders(
  trx: Database,
  { tenantId, externalIds, usernames, emails, phones }: PeopleKeys & { tenantId: string },
): Promise<HolderRow[]> {
  const among = (condition: string) =>
    `select id from users where tenant_id = :tenantId and deleted_at is null and ${condition}`;
  return rows<HolderRow>(
    trx,
    `select u.id, u.email, u.phone, u.username, lower(u.username) as username_key, u.external_id, u.full_name, u.given_name,
            u.family_name, u.picture_url, u.state, u.mfa_required, u.metadata <> '{}' as has_metadata,
            u.last_login_at is not null as has_signed_in, s.locale, s.zoneinfo,
            exists (select from user_identities i
                     where i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider = 'password') as has_password,
            array(select i.provider || ' ' || i.issuer || ' ' || i.subject from user_identities i
                   where i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider <> 'password') as identities
       from users u
       left join user_settings s on s.user_id = u.id
      where u.id in (${among('external_id = any(:externalIds::text[])')}
               union ${among('lower(username) = any(array(select lower(name) from unnest(:usernames::text[]) name))')}
               union ${among('lower(email) = any(:emails::text[])')}
               union ${among('phone = any(:phones::text[])')})`,
    { tenantId, externalIds, usernames, emails, phones },
  );
}

export interface IdentityToAdd {
  userId: string;
  provider: string;
  issuer: string;
  subject: string;
  email: string | null;
}

/** Whose these accounts elsewhere are already. */
export async function selectIdentityHolders(
  trx: Database,
  tenantId: string,
  wanted: readonly Pick<IdentityToAdd, 'provider' | 'issuer' | 'subject'>[],
): Promise<(IdentityToAdd & { userId: string })[]> {
  if (wanted.length === 0) return [];
  return rows(
    trx,
    `select i.user_id, i.provider, i.issuer, i.subject, i.email
       from jsonb_to_recordset(:wanted::jsonb) as w(provider text, issuer text, subject text)
       join user_identities i on i.tenant_id = :tenantId and i.provider = w.provider and i.issuer = w.issuer
                             and i.subject = w.subject`,
    { tenantId, wanted: JSON.stringify(wanted) },
  );
}

export interface PersonToInsert extends ReturnType<typeof checkedNewUser> {
  id: string;
  emailVerified: boolean;
  phoneVerified: boolean;
  mfaRequired: boolean;
  state: 'active' | 'inactive';
  hasPassword: boolean;
}

/** Makes them, with their settings. A unique index refuses all of them where it refuses one. */
export async function insertPeople(
  trx: Database,
  { tenantId, people, createdBy }: { tenantId: string; people: readonly PersonToInsert[]; createdBy: string | null },
): Promise<void> {
  if (people.length === 0) return;
  await rows(
    trx,
    `with given as (
       select * from jsonb_to_recordset(:people::jsonb) as p(id uuid, email text, "emailVerified" boolean, phone text,
         "phoneVerified" boolean, username text, "externalId" text, "fullName" text, "givenName" text, "familyName" text,
         "pictureUrl" text, "mfaRequired" boolean, state text, "hasPassword" boolean, metadata jsonb, locale text, zoneinfo text)
     ), made as (
       insert into users (id, tenant_id, email, email_verified_at, phone, phone_verified_at, username, external_id,
                          full_name, given_name, family_name, picture_url, mfa_required, state, password_changed_at,
                          metadata, created_by)
       select id, :tenantId, email, case when "emailVerified" then now() end, phone, case when "phoneVerified" then now() end,
              username, "externalId", "fullName", "givenName", "familyName", "pictureUrl", "mfaRequired", state,
              case when "hasPassword" then now() end, metadata,
              (select u.id from users u where u.id = :createdBy and u.tenant_id = :tenantId)
         from given
       returning id
     )
     insert into user_settings (user_id, tenant_id, locale, zoneinfo)
     select made.id, :tenantId, given.locale, given.zoneinfo from made join given using (id)`,
    { tenantId, people: JSON.stringify(people), createdBy },
  );
}

export interface ForeignPassword {
  userId: string;
  foreignPasswordHash: string;
  /** Roughly what comparing takes. */
  milliseconds: number;
}

/** What they sign in by: passwords that another system hashed, and accounts elsewhere. */
export async function insertCredentials(
  trx: Database,
  {
    tenantId,
    passwords,
    identities,
  }: { tenantId: string; passwords: readonly ForeignPassword[]; identities: readonly IdentityToAdd[] },
): Promise<void> {
  if (passwords.length + identities.length === 0) return;
  const wanted = [
    ...passwords.map(({ userId, foreignPasswordHash, milliseconds }) => ({
      id: newId(),
      userId,
      provider: 'password',
      issuer: '',
      subject: userId,
      email: null,
      foreignPasswordHash,
      milliseconds,
    })),
    ...identities.map((identity) => ({ ...identity, id: newId() })),
  ];
  await rows(
    trx,
    `insert into user_identities (id, tenant_id, user_id, provider, issuer, subject, email, foreign_password_hash,
                                  foreign_password_ms)
     select id, :tenantId, "userId", provider, issuer, subject, email, "foreignPasswordHash", milliseconds
       from jsonb_to_recordset(:wanted::jsonb) as w(id uuid, "userId" uuid, provider text, issuer text, subject text,
              email text, "foreignPasswordHash" text, milliseconds integer)`,
    { tenantId, wanted: JSON.stringify(wanted) },
  );
}

export interface ProfileToFill {
  userId: string;
  externalId: string | null;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  metadata: object | null;
  locale: string | null;
  zoneinfo: string | null;
  hasPassword: boolean;
}

/** Fills in what is empty; whatever is written there already stays. */
export async function fillPeople(
  trx: Database,
  { tenantId, profiles, updatedBy }: { tenantId: string; profiles: readonly ProfileToFill[]; updatedBy: string | null },
): Promise<void> {
  if (profiles.length === 0) return;
  await rows(
    trx,
    `with given as (
       select * from jsonb_to_recordset(:profiles::jsonb) as p("userId" uuid, "externalId" text, "fullName" text,
         "givenName" text, "familyName" text, "pictureUrl" text, metadata jsonb, locale text, zoneinfo text, "hasPassword" boolean)
     ), filled as (
       update users u
          set external_id = coalesce(u.external_id, g."externalId"), full_name   = coalesce(u.full_name, g."fullName"),
              given_name  = coalesce(u.given_name, g."givenName"),   family_name = coalesce(u.family_name, g."familyName"),
              picture_url = coalesce(u.picture_url, g."pictureUrl"),
              metadata    = case when u.metadata = '{}' then coalesce(g.metadata, u.metadata) else u.metadata end,
              password_changed_at = case when g."hasPassword" then now() else u.password_changed_at end,
              updated_by  = (select a.id from users a where a.id = :updatedBy and a.tenant_id = :tenantId)
         from given g
        where u.tenant_id = :tenantId and u.id = g."userId" and u.deleted_at is null
     )
     update user_settings s
        set locale = coalesce(s.locale, g.locale), zoneinfo = coalesce(s.zoneinfo, g.zoneinfo)
       from given g
      where s.tenant_id = :tenantId and s.user_id = g."userId" and (g.locale is not null or g.zoneinfo is not null)`,
    { tenantId, profiles: JSON.stringify(profiles), updatedBy },
  );
}

export interface PersonToExport {
  id: string;
  externalId: string | null;
  email: string | null;
  emailVerified: boolean;
  phone: string | null;
  phoneVerified: boolean;
  username: string | null;
  mfaRequired: boolean;
  fullName: string | null;
  givenName: string | null;
  familyName: string | null;
  pictureUrl: string | null;
  locale: string | null;
  zoneinfo: string | null;
  state: 'active' | 'inactive';
  metadata: Record<string, unknown>;
  hasPassword: boolean;
  identities: { provider: string; issuer: string; subject: string; email: string | null }[];
}

/** The people of a tenant who are not deleted, in the order of their ids; never what a password was hashed to. */
export async function selectPeopleToExport(
  db: Database,
  { tenantId, after, limit }: { tenantId: string; after: string | null; limit: number },
): Promise<PersonToExport[]> {
  return rows<PersonToExport>(
    db,
    `select u.id, u.external_id, u.email, u.email_verified_at is not null as email_verified, u.phone,
            u.phone_verified_at is not null as phone_verified, u.username, u.mfa_required, u.full_name, u.given_name,
            u.family_name, u.picture_url, s.locale, s.zoneinfo, u.state, u.metadata,
            exists (select from user_identities i
                     where i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider = 'password') as has_password,
            coalesce((select jsonb_agg(jsonb_build_object('provider', i.provider, 'issuer', i.issuer, 'subject', i.subject,
                                                          'email', i.email) order by i.created_at, i.id)
                        from user_identities i
                       where i.tenant_id = u.tenant_id and i.user_id = u.id and i.provider <> 'password'), '[]') as identities
       from users u
       left join user_settings s on s.user_id = u.id
      where u.tenant_id = :tenantId and u.deleted_at is null and (:after::uuid is null or u.id > :after)
      order by u.id limit :limit`,
    { tenantId, after, limit },
  );
}
