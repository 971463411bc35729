/**
 * Whose second factor an interaction waits for. Either somebody has proved a first one in it, or the browser's own session has,
 * and a second one is asked for by now. A session is enough to be asked for what is enrolled; to enrol something, the person
 * proves the first factor again, or whoever finds an open browser would.
 */
import type { Context } from 'koa';
import type { Interaction } from 'oidc-provider';
import { acr, type FactorNeed } from '../../domain/factors/requirement.ts';
import { type AccountProfile, findAccount } from '../../domain/users/users.ts';
import type { AddressKind } from '../../domain/users/verified-address.ts';
import { secondFactorReason } from '../../oidc/authorization/prompts.ts';
import type { Database } from '../../platform/database.ts';
import type { InteractionContext, WebDependencies } from '../interaction/context.ts';
import { finishSignIn, provedOnce, stillWaits } from '../interaction/proof.ts';
import { factorNeedOf, spentAddresses } from './factor-need.ts';
import { isSessionLive, rememberHere } from './remembered-browser.ts';

/** A new factor that has been enrolled in this interaction, its recovery codes still to be read. */
export interface Enrolled {
  codes: string[];
  amr: string[];
}

/** What an interaction keeps of an enrolment: the seed until a code has proved it, then what came of it. */
export interface Enrolment {
  userId: string;
  seed?: string;
  enrolled?: Enrolled;
}

export interface PendingFactor {
  interaction: Interaction;
  account: AccountProfile;
  /** How the first factor was proved. */
  amr: readonly string[];
  /** The kinds of addresses that the first factor was proved by: no code that goes there is another. */
  spent: readonly AddressKind[];
  /** Whether the sign-in that it is asked in has not been ended; asked of a transaction too. */
  isStillSignedIn(db: Database): Promise<boolean>;
  /** Undefined where nothing more is needed: it has been enrolled in this interaction. */
  need: FactorNeed | undefined;
  enrolment?: Enrolment;
}

export function enrolmentOf(interaction: Interaction, userId: string): Enrolment | undefined {
  const enrolment = (interaction.lastSubmission as { enrolment?: Enrolment } | undefined)?.enrolment;
  return enrolment?.userId === userId ? enrolment : undefined;
}

async function ofProof(web: WebDependencies, interaction: Interaction): Promise<PendingFactor | undefined> {
  const proved = provedOnce(interaction);
  if (!proved || !(await stillWaits(web.db, interaction, proved.userId))) return undefined;
  const account = await findAccount(web.db, proved.userId);
  if (!account) return undefined;
  const enrolment = enrolmentOf(interaction, account.userId);
  const spent = await spentAddresses(web.db, account, proved);
  const need = enrolment?.enrolled ? undefined : await factorNeedOf(web, interaction, account, async () => spent);
  const isStillSignedIn = (db: Database) => stillWaits(db, interaction, account.userId);
  return { interaction, account, amr: proved.amr, spent, need, enrolment, isStillSignedIn };
}

async function ofSession(
  ctx: Context,
  web: WebDependencies,
  { interaction, tenant }: InteractionContext,
): Promise<PendingFactor | undefined> {
  const { name, reasons } = interaction.prompt;
  const userId = interaction.session?.accountId;
  if (name !== 'login' || userId === undefined || !reasons.every((reason) => reason === secondFactorReason))
    return undefined;
  // As it is now: it may have been ended since the interaction began.
  const session = await web.provider().Session.get(ctx as never);
  const account = session.accountId === userId ? await findAccount(web.db, userId) : undefined;
  if (!account || (tenant && tenant.id !== account.tenantId)) return undefined;
  const amr = session.amr ?? [];
  const spent = await spentAddresses(web.db, account, { amr });
  const need = await factorNeedOf(web, interaction, account, async () => spent);
  if (!need?.isEnrolled) return undefined;
  return { interaction, account, amr, spent, need, isStillSignedIn: (db) => isSessionLive(db, session.uid) };
}

/** Undefined where a first factor has to be proved before. */
export async function pendingFactor(
  ctx: Context,
  web: WebDependencies,
  found: InteractionContext,
): Promise<PendingFactor | undefined> {
  return (await ofProof(web, found.interaction)) ?? (await ofSession(ctx, web, found));
}

/** What the dispatcher's table asks. */
export type FactorStanding = 'none' | 'prove' | 'enrol' | 'codes';

export function factorStanding(pending: PendingFactor | undefined): FactorStanding {
  if (pending?.enrolment?.enrolled) return 'codes';
  if (!pending?.need) return 'none';
  return pending.need.isEnrolled ? 'prove' : 'enrol';
}

/** Ends the interaction with both factors proved. @param second.amr of the second (RFC 8176); `remember`: this browser */
export async function acceptSecondFactor(
  ctx: Context,
  web: WebDependencies,
  pending: PendingFactor,
  { amr, remember = false }: { amr: readonly string[]; remember?: boolean },
): Promise<void> {
  const { interaction, account, amr: first } = pending;
  if (remember) await rememberHere(ctx, web, account, pending.isStillSignedIn);
  const both = [...new Set([...first, ...amr])];
  await finishSignIn(ctx, web, interaction, account, { amr: both, provedAt: Date.now(), acr: acr.aal2 });
}

/** Ends the interaction with the first factor alone, where the second may still be put off. */
export async function acceptFirstFactor(
  ctx: Context,
  web: WebDependencies,
  { interaction, account, amr }: PendingFactor,
): Promise<void> {
  await finishSignIn(ctx, web, interaction, account, { amr, provedAt: Date.now(), acr: acr.aal1 });
}
