/**
 * What a person has proved in an interaction, and how: the library's login result of it, or the proof that waits for more, for
 * the choice of a person of several tenants and for the second factor (sealed, this browser alone, ten minutes). Refuses a
 * proof of an account whose sessions were ended since: a sign-in that others have begun ends with them. Every way in ends
 * here, whatever was proved on it: none gets round the second factor.
 */
import { setTimeout } from 'node:timers/promises';
import type { Context } from 'koa';
import type { Interaction, InteractionResults } from 'oidc-provider';
import { acr, rememberedAcr } from '../../domain/factors/requirement.ts';
import { mayBeOfferedPasskey } from '../../domain/methods/passkey/offer-passkey.ts';
import { findPayload } from '../../domain/sessions/find-payload.ts';
import { upsertPayload } from '../../domain/sessions/payload-store.ts';
import type { ProvedAccount } from '../../domain/sign-in/proved-account.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import type { AddressKind } from '../../domain/users/verified-address.ts';
import type { Database } from '../../platform/database.ts';
import { DomainError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/secrets.ts';
import { factorNeedOf, spentAddresses } from '../factors/factor-need.ts';
import { isRememberedHere } from '../factors/remembered-browser.ts';
import { rememberDevice } from '../middleware/device.ts';
import { finishInteraction, toDispatcher, type WebDependencies } from './context.ts';
import type { Outcome } from './steps.ts';

const proofLifeMs = 10 * 60_000;

/** Of two clicks on one button, the first may still be about to store what it proved. */
const looks = { times: 4, pauseMs: 75 };

interface Proof {
  provedAt: number;
  accounts: ProvedAccount[];
  amr: string[];
  /** The kinds of addresses that it was proved by; where that is not known: any. */
  spent?: readonly AddressKind[];
  /** Where the person proved themselves elsewhere, and earlier. */
  authenticatedAt?: number;
  /** The one account of them that it is, where its second factor is waited for. */
  userId?: string;
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
  enrolment: undefined,
  factorCode: undefined,
  ready: undefined,
};

/** The library's login result. Answers the prompts `select_account` and `create` too: a person who has signed in has chosen. */
function loginResult(
  accountId: string,
  proof: { amr: readonly string[]; provedAt: number; acr: string },
): InteractionResults {
  const ts = Math.floor(proof.provedAt / 1000);
  return {
    ...forgotten,
    login: { accountId, amr: [...proof.amr], acr: proof.acr, remember: true, ts },
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
  const proof = proofOf(interaction);
  return proof && proof.userId === undefined ? proof.accounts : [];
}

/** The account that was proved by one factor in this interaction, and how. */
export function provedOnce(
  interaction: Interaction,
): { userId: string; amr: string[]; spent?: readonly AddressKind[] } | undefined {
  const { userId, amr, spent } = proofOf(interaction) ?? {};
  return userId === undefined ? undefined : { userId, amr: amr ?? [], spent };
}

/**
 * A mark beside the interaction for each account that waits in it. It is the account's: whatever ends the account's
 * sessions (deactivation, a new password, a first proof, signing out everywhere) takes it with them, from every browser.
 */
const waitingModel = 'WaitingProof';

function waitingHash({ uid }: Interaction, userId: string): Buffer {
  return sha256(`${uid}:${userId}`);
}

async function markWaiting(web: WebDependencies, interaction: Interaction, userId: string): Promise<void> {
  const mark = {
    model: waitingModel,
    idHash: waitingHash(interaction, userId),
    payload: Buffer.alloc(0),
    accountId: userId,
    expiresAt: new Date(Date.now() + proofLifeMs),
  };
  const none = { grantId: null, uidHash: null, userCodeHash: null, sessionUidHash: null, clientId: null };
  await upsertPayload(web.db, { ...mark, ...none }, null);
}

/** Whether nothing has ended the account's sessions since it was proved here. */
export async function stillWaits(db: Database, interaction: Interaction, userId: string): Promise<boolean> {
  return (await findPayload(db, waitingModel, waitingHash(interaction, userId))) !== undefined;
}

/**
 * Keeps something in the interaction, sealed with it, beside what is kept under other names. A person who goes on with a step
 * has not finished: a result that stood there goes, so that storing can bring none back that was ended meanwhile.
 */
export async function keepInInteraction(interaction: Interaction, kept: Record<string, unknown>): Promise<void> {
  Object.assign(interaction, { lastSubmission: { ...interaction.lastSubmission, ...kept }, result: undefined });
  await interaction.persist();
}

/** Ends the interaction with one account, or has its second factor asked for. */
async function settle(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  { proof, userId, isTwo, ...known }: { proof: Proof; userId: string; isTwo: boolean; account?: AccountProfile },
): Promise<void> {
  const { amr, provedAt, authenticatedAt } = proof;
  const account = known.account?.userId === userId ? known.account : await findAccount(web.db, userId);
  const need =
    account && !isTwo
      ? await factorNeedOf(web, interaction, account, () => spentAddresses(web.db, account, proof))
      : undefined;
  if (account && need) {
    if (need.isEnrolled && (await isRememberedHere(ctx, web.db, { interaction, account, isAsked: need.isAsked })))
      return finishSignIn(ctx, web, interaction, account, {
        amr,
        provedAt: authenticatedAt ?? provedAt,
        acr: rememberedAcr,
      });
    await markWaiting(web, interaction, userId);
    const kept = { proof: { ...proof, userId } satisfies Proof, enrolment: undefined, ready: undefined };
    await keepInInteraction(interaction, kept);
    return toDispatcher(ctx, interaction.uid);
  }
  if (!account) throw new DomainError('expired', 'INTERACTION_EXPIRED');
  const proved = isTwo ? acr.aal2 : acr.aal1;
  await finishSignIn(ctx, web, interaction, account, { amr, provedAt: authenticatedAt ?? provedAt, acr: proved });
}

/** How somebody has proved themselves: RFC 8176 method names, when, in epoch milliseconds, and what it is worth. */
interface WholeProof {
  amr: readonly string[];
  provedAt: number;
  acr: string;
}

/** What the person is asked before they are signed in, all proved. */
export type LastQuestion = 'keep' | 'passkey';

interface Ready {
  userId: string;
  proof: WholeProof;
  question: LastQuestion;
  since: number;
}

/** The sign-in of this interaction that has proved all, and waits for an answer. */
export function readyProof(interaction: Interaction): Ready | undefined {
  const ready = (interaction.lastSubmission as { ready?: Ready } | undefined)?.ready;
  return ready && Date.now() - ready.since < proofLifeMs ? ready : undefined;
}

/** What the sign-in page's script leaves in a browser that could make a passkey (views/assets/passkeys.js). */
const passkeyCookie = 'gh_passkeys';

/** Who is leaving is asked whether they stay: they sign in for nothing else. Others may be offered a passkey, once. */
async function lastQuestion(
  ctx: Context,
  web: WebDependencies,
  { interaction, account, proof }: { interaction: Interaction; account: AccountProfile; proof: WholeProof },
): Promise<LastQuestion | undefined> {
  if (account.deletionDueAt) return 'keep';
  if (ctx.cookies.get(passkeyCookie) !== '1') return undefined;
  // Whoever lets a device in has it in their hands, and the device waits.
  if ((interaction as { deviceCode?: string }).deviceCode !== undefined) return undefined;
  return (await mayBeOfferedPasskey(web.db, account, proof.amr)) ? 'passkey' : undefined;
}

/** Ends the interaction: the person is signed in, or is asked something before. */
export async function finishSignIn(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  account: AccountProfile,
  proof: WholeProof,
): Promise<void> {
  const { userId } = account;
  const question = await lastQuestion(ctx, web, { interaction, account, proof });
  if (question === undefined) return endSignIn(ctx, web, interaction, userId, proof);
  await markWaiting(web, interaction, userId);
  const ready: Ready = { userId, proof, question, since: Date.now() };
  await keepInInteraction(interaction, { ready, proof: undefined, enrolment: undefined });
  toDispatcher(ctx, interaction.uid);
}

async function endSignIn(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  userId: string,
  proof: WholeProof,
): Promise<void> {
  rememberDevice(ctx, web.issuer);
  await finishInteraction(ctx, web, interaction, loginResult(userId, proof));
}

/**
 * The person whom an interaction asks something before they are signed in; undefined where it asks nobody (any more), or their
 * sessions were ended since.
 */
export async function askedPerson(
  web: WebDependencies,
  interaction: Interaction,
  question: LastQuestion,
): Promise<AccountProfile | undefined> {
  const ready = readyProof(interaction);
  if (ready?.question !== question || !(await stillWaits(web.db, interaction, ready.userId))) return undefined;
  return findAccount(web.db, ready.userId);
}

/** Goes on with a sign-in that has its answer. @throws DomainError expired INTERACTION_EXPIRED */
export async function goOn(ctx: Context, web: WebDependencies, interaction: Interaction): Promise<void> {
  const ready = readyProof(interaction);
  if (!ready || !(await stillWaits(web.db, interaction, ready.userId)))
    throw new DomainError('expired', 'INTERACTION_EXPIRED');
  await endSignIn(ctx, web, interaction, ready.userId, ready.proof);
}

/**
 * Ends the interaction with the one account that was proved, or leads on: to the choice among several, to the second factor.
 * @param proved.spent the kinds of addresses that it was proved by; any where it is left out, passwords apart
 * @param proved.account of the only one, if it was read when it was proved
 * @param proved.isTwo whether the proof was of two factors at once, such as a passkey with user verification
 */
export async function acceptProof(
  ctx: Context,
  web: WebDependencies,
  interaction: Interaction,
  proved: {
    accounts: ProvedAccount[];
    amr: string[];
    authenticatedAt?: number;
    isTwo?: boolean;
    spent?: readonly AddressKind[];
    account?: AccountProfile;
  },
): Promise<void> {
  const { accounts, amr, authenticatedAt, isTwo = false, spent, account } = proved;
  const proof: Proof = { provedAt: Date.now(), accounts, amr, authenticatedAt, spent };
  const [only] = accounts;
  if (accounts.length === 1 && only)
    return settle(ctx, web, interaction, { proof, userId: only.userId, isTwo, account });
  for (const { userId } of accounts) await markWaiting(web, interaction, userId);
  await keepInInteraction(interaction, { proof, enrolment: undefined, ready: undefined });
  toDispatcher(ctx, interaction.uid);
}

/**
 * Ends the interaction with one of the accounts that were proved, or leads on to its second factor.
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
  const chosen = provedAccounts(interaction).find((account) => account.userId === userId);
  if (!proof || !chosen) throw new DomainError('forbidden', 'ACCESS_DENIED');
  if (!(await stillWaits(web.db, interaction, chosen.userId))) throw new DomainError('expired', 'INTERACTION_EXPIRED');
  await settle(ctx, web, interaction, { proof, userId: chosen.userId, isTwo: false });
}

/** Gives the proof that waits its ten minutes anew, for a person who has just done more. */
export async function renewProof(
  web: WebDependencies,
  interaction: Interaction,
  kept: Record<string, unknown>,
): Promise<void> {
  const proof = proofOf(interaction);
  if (!proof?.userId) throw new DomainError('expired', 'INTERACTION_EXPIRED');
  const { provedAt, authenticatedAt = provedAt } = proof;
  await markWaiting(web, interaction, proof.userId);
  await keepInInteraction(interaction, { proof: { ...proof, provedAt: Date.now(), authenticatedAt }, ...kept });
}

/** Where another request of this interaction has signed the person in, such as the first of two clicks: goes where it went. */
export async function followFinished(ctx: Context, web: WebDependencies, { uid }: Interaction): Promise<boolean> {
  for (let look = 0; look < looks.times; look++) {
    if (look > 0) await setTimeout(looks.pauseMs);
    const now = await web.provider().Interaction.find(uid);
    if (now?.result?.login === undefined) continue;
    ctx.status = 303;
    ctx.redirect(now.returnTo);
    return true;
  }
  return false;
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
    const waits = provedAccounts(now).length > 0 || provedOnce(now) !== undefined || readyProof(now) !== undefined;
    const outcome = waits ? undefined : outcomeOf?.(now);
    if (waits || outcome !== undefined) {
      toDispatcher(ctx, uid, outcome);
      return true;
    }
  }
  return false;
}
