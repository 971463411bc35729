/**
 * The person as oidc-provider sees them. Loads the profile once and the effective access at most once a request, so that
 * a token's claims and its lifetime come from the same moment.
 */
import type { Account, FindAccount, KoaContextWithOIDC } from 'oidc-provider';
import { type Moment, mayHaveActed } from '../domain/access/access-history.ts';
import { type EffectiveAccess, findEffectiveAccess } from '../domain/access/effective-access.ts';
import { asksForAccess, claimsFor } from '../domain/claims/claims.ts';
import { isTooLittle } from '../domain/factors/requirement.ts';
import { isLetIn } from '../domain/registration/client-documents.ts';
import { type AccountProfile, findAccount, findAccountOfAnybody } from '../domain/users/users.ts';
import type { Database } from '../platform/database.ts';
import { isId } from '../platform/ids.ts';
import { accountFoundAlong } from './storage/found-along.ts';
import { claimsForClient } from './tokens/person-claims.ts';

export interface AccountWithProfile extends Account {
  profile: AccountProfile;
  /** What is held anywhere, or what counts at one node. */
  access(orgNodeId?: string): Promise<EffectiveAccess>;
}

/** Builds the account object of a profile. @param moment another one than now, for rehearsals */
function createAccount(
  db: Database,
  profile: AccountProfile,
  ctx: KoaContextWithOIDC,
  moment: Moment = {},
): AccountWithProfile {
  const loaded = new Map<string | undefined, Promise<EffectiveAccess>>();
  const account: AccountWithProfile = {
    accountId: profile.userId,
    profile,
    access(orgNodeId) {
      const known = loaded.get(orgNodeId);
      if (known) return known;
      const loading = findEffectiveAccess(db, {
        ...{ tenantId: profile.tenantId, userId: profile.userId, orgNodeId },
        ...moment,
      });
      loaded.set(orgNodeId, loading);
      return loading;
    },
    async claims(use, scope, requested) {
      // A mapping may put roles and places under other names.
      const isAsked =
        ctx.oidc.client?.claim_mapping !== undefined || asksForAccess(scope.split(' '), Object.keys(requested));
      const person = claimsFor(profile, isAsked ? await account.access() : undefined);
      return { ...claimsForClient(ctx, person, { use, requested }), sub: profile.userId };
    },
  };
  return account;
}

/** What says how the person had proved themselves: a code or a refresh token itself, an access token in what is added to it. */
interface ProvedToken {
  clientId?: string;
  acr?: unknown;
  extra?: { acr?: unknown };
}

/** What is said of the person is of today; whether they could act is of then. */
async function accountThen(db: Database, userId: string, past: Date): Promise<AccountProfile | undefined> {
  return (await mayHaveActed(db, { userId, past })) ? findAccountOfAnybody(db, userId) : undefined;
}

/**
 * Undefined for a person who may not act now: unknown, inactive, deleted, of a suspended tenant. Nor by a token of a sign-in
 * without the second factor that is asked of them by now, or to a client that their tenant lets in no more. That a session has it is for the prompts (authorization/prompts.ts).
 * @param rehearsal reads access at another moment than now, and takes the person to have proved all that they have to
 */
export function createFindAccount(db: Database, rehearsal?: Moment): FindAccount {
  return async (ctx, id, token) => {
    if (!isId(id)) return undefined;
    const profile = rehearsal?.past
      ? await accountThen(db, id, rehearsal.past)
      : (accountFoundAlong(id) ?? (await findAccount(db, id)));
    if (!profile) return undefined;
    if (token && !rehearsal) {
      const { acr: proved, extra, clientId } = token as ProvedToken;
      if (clientId !== undefined && !isLetIn(profile.tenant.settings, clientId)) return undefined;
      if (await isTooLittle(db, profile, { proved: proved ?? extra?.acr })) return undefined;
    }
    return createAccount(db, profile, ctx, rehearsal);
  };
}
