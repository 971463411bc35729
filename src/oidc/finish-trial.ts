/**
 * The end of a trial: the code that it came to is exchanged by a rehearsal, which signs with keys that are published nowhere and
 * keeps nothing. Owns that what comes of it is told of who began the trial alone, and that what was granted for it ends with it.
 */
import type { Adapter, AdapterFactory } from 'oidc-provider';
import type { Config } from '../config.ts';
import type { Caller } from '../domain/audit/audit-events.ts';
import { withdrawGrant } from '../domain/sessions/grants.ts';
import { type Database, isConnectionError } from '../platform/database.ts';
import { DomainError } from '../platform/errors.ts';
import type { Secrets } from '../platform/secrets.ts';
import type { Trial } from './client-trials.ts';
import { closed } from './closed-provider.ts';
import { createThrowawayKeys, type SigningKeySet } from './keys.ts';
import { createProvider } from './provider.ts';
import { askRehearsal, memoryAdapter, type Said, saidByJwt, withoutSecret } from './rehearsal.ts';
import { createAdapterFactory } from './storage/adapters.ts';

export interface TrialResult {
  tokens: ({ kind: 'id_token' | 'userinfo' | 'access_token' } & Said)[];
  /** As the token endpoint said it (RFC 6749 section 5.2); then there are no tokens. */
  refused?: { error: string; detail: string };
}

/** Ends a trial by the code that it came to. @param caller who withdraws what was granted for it alone */
export type FinishTrial = (trial: Trial, code: string, caller: Caller & { tenantId: string }) => Promise<TrialResult>;

interface TrialDependencies {
  config: Config;
  db: Database;
  secrets: Secrets;
}

/** What was granted for a code. */
interface FoundGrant {
  id?: string;
}

/** The library's storage for one exchange: the code, its grant and its session are the real ones, and nothing else is kept. */
function storageOf(
  { config, db, secrets }: TrialDependencies,
  { redirectUri }: Trial,
  found: FoundGrant,
): AdapterFactory {
  const real = createAdapterFactory({ db, secrets, issuer: config.issuer, limits: closed().limits });
  return (model) => {
    if (model === 'Client') return withoutSecret(real(model) as Adapter, redirectUri);
    if (!['AuthorizationCode', 'Grant', 'Session'].includes(model)) return memoryAdapter();
    const adapter = real(model) as Adapter;
    return {
      ...adapter,
      upsert: async () => undefined,
      async find(id) {
        const stored = await adapter.find(id);
        if (model === 'Grant' && stored) found.id = id;
        return stored;
      },
    };
  };
}

interface TokenResponse {
  access_token: string;
  id_token: string;
}

/** Makes the end of trials. The first makes the keys. */
export function createFinishTrial(dependencies: TrialDependencies): FinishTrial {
  let keys: Promise<SigningKeySet> | undefined;
  return async (trial, code, { tenantId, ...caller }) => {
    keys ??= createThrowawayKeys();
    const grant: FoundGrant = {};
    try {
      return await exchange(dependencies, await keys, { trial, code, grant });
    } finally {
      await forgetGrant(dependencies.db, { trial, grant, tenantId, caller });
    }
  };
}

async function exchange(
  dependencies: TrialDependencies,
  keys: SigningKeySet,
  { trial, code, grant }: { trial: Trial; code: string; grant: FoundGrant },
): Promise<TrialResult> {
  const rehearsal = { adapter: storageOf(dependencies, trial, grant) };
  const provider = createProvider({ ...dependencies, ...closed(), keys, rehearsal });
  let fault: unknown;
  provider.on('server_error', (_ctx, error) => {
    fault = error;
  });
  const client = { client_id: trial.clientId };
  const { clientId: _, redirectUri: redirect_uri, verifier: code_verifier } = trial;
  const form = { ...client, grant_type: 'authorization_code', code, code_verifier, redirect_uri };
  const { status, body } = await askRehearsal(provider, 'POST', 'token', { form });
  if (status !== 200) {
    if (isConnectionError(fault)) throw fault;
    const { error = 'server_error', error_description: detail = '' } = body as Record<string, string>;
    return { tokens: [], refused: { error, detail } };
  }
  const { id_token, access_token } = body as TokenResponse;
  const idToken = saidByJwt(id_token);
  // Of another request than this trial's, or of somebody else: nothing of it is shown.
  if (idToken.claims.nonce !== trial.nonce || idToken.claims.sub !== trial.userId)
    return { tokens: [], refused: { error: 'access_denied', detail: 'somebody else signed in' } };
  const tokens: TrialResult['tokens'] = [{ kind: 'id_token', ...idToken }];
  if (access_token.includes('.')) return { tokens: [...tokens, { kind: 'access_token', ...saidByJwt(access_token) }] };
  const userinfo = await askRehearsal(provider, 'GET', 'userinfo', { token: access_token });
  if (userinfo.status !== 200) return { tokens };
  const said = { claims: userinfo.body as Record<string, unknown>, bytes: JSON.stringify(userinfo.body).length };
  return {
    tokens: [...tokens, { kind: 'userinfo', ...(typeof userinfo.body === 'string' ? saidByJwt(userinfo.body) : said) }],
  };
}

/** What was granted for the trial alone ends with it; what the person had granted before stays. */
async function forgetGrant(
  db: Database,
  { trial, grant, tenantId, caller }: { trial: Trial; grant: FoundGrant; tenantId: string; caller: Caller },
): Promise<void> {
  const { id: grantId } = grant;
  if (grantId === undefined || grantId === trial.heldGrantId) return;
  try {
    await withdrawGrant(db, { tenantId, userId: trial.userId, grantId }, caller);
  } catch (error) {
    // It has ended already, with a sign-in that another tab ended.
    if (!(error instanceof DomainError) || error.kind !== 'not_found') throw error;
  }
}
