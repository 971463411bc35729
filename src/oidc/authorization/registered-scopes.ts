/**
 * What an application may ask for at all, where its registration says so (`allowed_scopes`): one that registered itself, within
 * what its initial access token allows. Owns that nothing is asked for by name (`claims`) that no such scope releases. The
 * scopes of APIs are left away by tokens/resources.ts.
 */
import { errors, type KoaContextWithOIDC, interactionPolicy as policies } from 'oidc-provider';
import { claimsByScope, scopes } from '../../domain/claims/claims.ts';

/** @throws InvalidScope, InvalidRequest */
export function checkAsked({ oidc }: KoaContextWithOIDC): void {
  const allowed = oidc.client?.allowed_scopes as string[] | undefined;
  if (!allowed) return;
  const beyond = [...oidc.requestParamOIDCScopes].find(
    (scope) => Object.hasOwn(scopes, scope) && !allowed.includes(scope),
  );
  if (beyond !== undefined) throw new errors.InvalidScope('requested scope is not allowed', beyond);
  const released = new Set(['sub', ...allowed.flatMap((scope) => claimsByScope[scope] ?? [])]);
  const claim = [...oidc.requestParamClaims].find((name) => !released.has(name));
  if (claim !== undefined) throw new errors.InvalidRequest(`the application may not ask for the claim ${claim}`);
}

/** Before anybody is asked anything. */
export const registeredScopeCheck = new policies.Check(
  'registered_scopes',
  'the registration allows what is asked for',
  'invalid_scope',
  (ctx) => {
    checkAsked(ctx);
    return policies.Check.NO_NEED_TO_PROMPT;
  },
);
