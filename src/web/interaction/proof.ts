/**
 * What a person has proved in an interaction, and how: the library's login result of it, or, for a person of several
 * tenants, the proof that waits for their choice (sealed, this browser alone, ten minutes). Refuses a proof of an account
 * whose sessions were ended since: a sign-in that others have begun ends with them.
 */
import { setTimeout } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Interaction, InteractionResults } from 'oidc-provider';
import { findPayload, upsertPayload } from '../../domain/sessions/payload-store.ts';
import type { ProvedAccount } from '../../domain/sign-in/proved-account.ts';
import { requireOneFactorEnough } from '../../domain/sign-in/second-factor.ts';
import { acr } from '../../oidc/authorization/prompts.ts';
import { DomainError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/secrets.ts';
import { rememberDevice } from '../middleware/device.ts';
import { callerOf, finishInteraction, toDispatcher, type WebDependencies } from './context.ts';
import type { Outcome } from './steps.ts';

const proofLifeMs = 10 * 60_000;

/** Of two clicks on one button, the first may still be about to store what it proved. */
const looks = { times: 4, pauseMs: 75 };

interface Proof {
  provedAt: number;
  accounts: ProvedAccount[];
  amr: string[];
  /** Where the person proved themselves elsewhere, and earlier. */
  authenticatedAt?: number;
}

/** What steps keep in the interaction; it ends with the sign-in, and is not carried into the session or the next prompt. */
const forgotten = {
  organisation: undefined,
  proof: undefined,
  otp: undefined,
  signUp: undefined,
  recovery: undefined,
  federation: undefined,
  typedAddress: undefined,
};

/**
 * The library's login result. Answers the prompts `select_account` and `create` too: a person who has signed in has chosen.
 * @param proof how (RFC 8176 method names), and when, in epoch milliseconds
 */
export function loginResult(accountId: string, proof: { amr: string[]; provedAt: number }): InteractionResults {
  const ts = Math.floor(proof.provedAt / 1000);
  return {
    ...forgotten,
    login: { accountId, amr: proof.amr, acr: acr.aal1, remember: true, ts },
    select_account: {},
    create: {},
  };
}

function proofOf(interaction: Interaction): Proof | undefined {
  const proof = (interaction.lastSubmission as { proof?: Proof } | undefined)?.proof;
  return proof && Date.now() - proof.provedAt < proofLifeMs ? proof : undefined;
}

/** The accounts that were proved in this interaction and wait for the choice. */
export function provedAccounts(interaction: Interaction): ProvedAccount[] {
  return proofOf(interaction)?.accounts ?? [];
}

/**
 * A mark beside the interaction for each account that waits in it. It is the account's: whatever ends the account's
 * sessions (deactivation, a new password, a first proof, signing out everywhere) takes it with them, from every browser.
 */
const waitingModel = 'WaitingProof';

function waitingHash({ uid }: Interaction, userId: string): Buffer {
  return sha256(`${uid}:${userId}`);
}

/**
 * Keeps something in the interaction, sealed with it, beside what is kept under other names. A person who goes on with a step
 * has not finished: a result that stood there goes, so that storing can bring none back that was ended meanwhile.
 */
export async function keepInInteraction(interaction: Interaction, kept: Record<string, unknown>): Promise<void> {
  Object.assign(interaction, { lastSubmission: { ...interaction.lastSubmission, ...kept }, result: undefined });
  await interaction.persist();
}

/** Ends the interaction with the one account that was proved, or leads on to the choice among several. */
export async function acceptProof(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  { accounts, amr, authenticatedAt }: { accounts: ProvedAccount[]; amr: string[]; authenticatedAt?: number },
): Promise<void> {
  const provedAt = Date.now();
  const [only] = accounts;
  if (accounts.length === 1 && only) await requireOneFactorEnough(web.db, only.userId, callerOf(ctx, only.userId));
  rememberDevice(ctx, web.issuer);
  if (accounts.length === 1 && only)
    return finishInteraction(
      ctx,
      web.provider(),
      loginResult(only.userId, { amr, provedAt: authenticatedAt ?? provedAt }),
    );
  for (const { userId } of accounts) {
    const mark = {
      model: waitingModel,
      idHash: waitingHash(interaction, userId),
      payload: Buffer.alloc(0),
      accountId: userId,
      expiresAt: new Date(provedAt + proofLifeMs),
    };
    const none = { grantId: null, uidHash: null, userCodeHash: null, sessionUidHash: null, clientId: null };
    await upsertPayload(web.db, { ...mark, ...none }, null);
  }
  await keepInInteraction(interaction, { proof: { provedAt, accounts, amr, authenticatedAt } satisfies Proof });
  toDispatcher(ctx, interaction.uid);
}

/**
 * Ends the interaction with one of the accounts that were proved.
 * @throws DomainError forbidden ACCESS_DENIED for any other; expired INTERACTION_EXPIRED where its sessions were ended
 *   since
 */
export async function acceptChoice(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  userId: string | undefined,
): Promise<void> {
  const proof = proofOf(interaction);
  const chosen = proof?.accounts.find((account) => account.userId === userId);
  if (!proof || !chosen) throw new DomainError('forbidden', 'ACCESS_DENIED');
  if (!(await findPayload(web.db, waitingModel, waitingHash(interaction, chosen.userId))))
    throw new DomainError('expired', 'INTERACTION_EXPIRED');
  await requireOneFactorEnough(web.db, chosen.userId, callerOf(ctx, chosen.userId));
  await finishInteraction(
    ctx,
    web.provider(),
    loginResult(chosen.userId, { amr: proof.amr, provedAt: proof.authenticatedAt ?? proof.provedAt }),
  );
}

/**
 * For a step that found its code or proof used up: was it another request of this very interaction, such as the first of
 * two clicks? Then this one goes where that one went.
 * @param outcomeOf what has come of it by what the interaction has kept, where that is no sign-in yet
 * @returns whether it did
 * @throws DomainError conflict INTERACTION_NOT_FOUND where the sign-in has ended meanwhile
 */
export async function followEarlierProof(
  ctx: Context,
  web: WebDependencies,
  { uid }: Interaction,
  outcomeOf?: (interaction: Interaction) => Outcome | undefined,
): Promise<boolean> {
  for (let look = 0; look < looks.times; look++) {
    if (look > 0) await setTimeout(looks.pauseMs);
    const now = await web.provider().Interaction.find(uid);
    if (!now) throw new DomainError('conflict', 'INTERACTION_NOT_FOUND');
    if (now.result?.login) {
      ctx.status = 303;
      ctx.redirect(now.returnTo);
      return true;
    }
    const waitsForChoice = provedAccounts(now).length > 0;
    const outcome = waitsForChoice ? undefined : outcomeOf?.(now);
    if (waitsForChoice || outcome !== undefined) {
      toDispatcher(ctx, uid, outcome);
      return true;
    }
  }
  return false;
}
