/**
 * For whom an application asks to be vouched: the person of an id_token of its own, while the browser session lives that it is of,
 * or of a refresh token of its own, while its grant does. Refuses what is another application's, used up or expired, every other
 * JWT that our keys have signed, and an id_token that says no session.
 */
import { createLocalJWKSet, jwtVerify } from 'jose';
import { errors, type Provider, type RefreshToken, type TokenEndpointGrantContext } from 'oidc-provider';
import { findGrantOfSession } from '../../domain/sessions/client-session.ts';
import type { Database } from '../../platform/database.ts';
import { type SigningKeySet, signingAlgs } from '../keys.ts';
import { isCanonicalJwt } from '../tokens/assertions.ts';

const idTokenType = 'urn:ietf:params:oauth:token-type:id_token';
const refreshTokenType = 'urn:ietf:params:oauth:token-type:refresh_token';
const longestToken = 20_000;

interface SubjectDependencies {
  db: Database;
  provider: Provider;
  keys: SigningKeySet;
}

/** Whom the token is about, and how and when they had signed in. */
export interface VouchedFor {
  accountId: string;
  acr?: string;
  amr?: string[];
  /** Seconds since the epoch. */
  authTime?: number;
}

type Context = TokenEndpointGrantContext;

function refused(why: string): Error {
  return new errors.InvalidRequest(`the subject_token ${why}`);
}

async function ofIdToken(ctx: Context, { db, provider, keys }: SubjectDependencies, value: string) {
  const { clientId } = ctx.oidc.client;
  const verified =
    value.length <= longestToken && isCanonicalJwt(value)
      ? await jwtVerify(value, createLocalJWKSet({ keys: [...keys.publicJwks] }), {
          algorithms: [...signingAlgs],
          issuer: provider.issuer,
          audience: clientId,
          requiredClaims: ['sub', 'exp', 'iat'],
        }).catch(() => undefined)
      : undefined;
  const { payload, protectedHeader } = verified ?? {};
  const isIdToken = payload?.aud === clientId && (protectedHeader?.typ === undefined || protectedHeader.typ === 'JWT');
  if (!payload || !isIdToken) throw refused('is no id_token of this application that has not expired');
  const { sub = '', sid, acr, amr, auth_time: authTime } = payload as Record<string, unknown> & { sub?: string };
  if (typeof sid !== 'string') throw refused('says no session (sid)');
  const grantId = await findGrantOfSession(db, { userId: sub, clientId, sid });
  return { person: { accountId: sub, acr, amr, authTime } as VouchedFor, grantId };
}

async function ofRefreshToken(ctx: Context, { provider }: SubjectDependencies, value: string) {
  const found = (await provider.RefreshToken.find(value)) as (RefreshToken & VouchedFor) | undefined;
  if (!found?.isValid || found.clientId !== ctx.oidc.client.clientId)
    throw refused('is no live refresh token of this application');
  const { accountId, acr, amr, authTime, grantId } = found;
  if (found.expiresWithSession && !(await provider.Session.findByUid(found.sessionUid as string)))
    throw refused('is of a session that has ended');
  return { person: { accountId, acr, amr, authTime } as VouchedFor, grantId };
}

/** @throws errors.InvalidRequest (RFC 8693 section 2.2.2) */
export async function findVouchedFor(ctx: Context, deps: SubjectDependencies): Promise<VouchedFor> {
  const { subject_token: value, subject_token_type: type, actor_token: actor } = ctx.oidc.params;
  if (typeof value !== 'string' || value === '') throw new errors.InvalidRequest('subject_token is required');
  if (type !== idTokenType && type !== refreshTokenType)
    throw new errors.InvalidRequest(`subject_token_type is ${idTokenType} or ${refreshTokenType}`);
  if (actor !== undefined && actor !== '') throw new errors.InvalidRequest('actor_token is not taken');
  const { person, grantId } = await (type === idTokenType ? ofIdToken : ofRefreshToken)(ctx, deps, value);
  const grant = grantId === undefined ? undefined : await deps.provider.Grant.find(grantId);
  if (!grant || grant.accountId !== person.accountId || grant.clientId !== ctx.oidc.client.clientId)
    throw refused('is of a session or a grant that has ended');
  return person;
}
