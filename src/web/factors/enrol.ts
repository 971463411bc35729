/**
 * Setting up an authenticator app within a sign-in: by whoever has to have a second factor and has none yet, and by whoever wants
 * one (their account leads here by asking for two). The seed is kept in the interaction, sealed, until a code has proved
 * it. Then the recovery codes are shown, as long as this sign-in waits and never again. While a grace period runs the person may
 * go on without.
 */
import type { Context } from 'koa';
import { enrolTotp } from '../../domain/factors/factors.ts';
import { factorLimits } from '../../domain/factors/second-factor.ts';
import { newTotpSeed, totpAddress } from '../../domain/factors/totp.ts';
import { DomainError } from '../../platform/errors.ts';
import { consume } from '../../platform/rate-limits.ts';
import { callerOf, toDispatcher } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import { keepInInteraction, renewProof } from '../interaction/proof.ts';
import type { Handlers, Visit } from '../interaction/visit.ts';
import type { FormModel } from '../pages/form-model.ts';
import {
  acceptFirstFactor,
  acceptSecondFactor,
  type Enrolment,
  enrolmentOf,
  type PendingFactor,
  pendingFactor,
} from './pending-factor.ts';
import { type QrCode, qrCode } from './qr-code.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `code`. */
    'interaction/factor-enrol': FormModel & {
      action: string;
      qr: QrCode;
      /** The seed as it is typed, in groups of four. */
      seed: string;
      /** Opens an authenticator app on this device. */
      appHref: string;
      /** Where enrolling may be put off: posts nothing. */
      later?: { action: string; until: Date };
      /** To a security key instead. */
      keyHref: string;
      restartHref: string;
    };
    /** Posts nothing: the person has kept the codes. */
    'interaction/factor-codes': { action: string; codes: string[]; fileHref: string };
  }
}

type EnrolVisit = Visit<'later' | 'key' | 'restart'>;

/** Who has to enrol something, with the seed that is offered to them. */
interface Enrolling {
  pending: PendingFactor;
  seed: string;
}

/** Who has to enrol something; undefined where nobody has. */
export async function whoEnrols(ctx: Context, { web, ...visit }: Visit<string>): Promise<PendingFactor | undefined> {
  const pending = await pendingFactor(ctx, web, visit);
  if (pending?.need && !pending.need.isEnrolled) return pending;
  toDispatcher(ctx, visit.interaction.uid);
  return undefined;
}

/** What has been enrolled, with its recovery codes still to be read. @param amr of it (RFC 8176) */
export async function keepEnrolled(
  ctx: Context,
  { web, interaction }: Visit<string>,
  { account }: PendingFactor,
  { codes, amr }: { codes: string[]; amr: readonly string[] },
): Promise<void> {
  const enrolment: Enrolment = { userId: account.userId, enrolled: { codes, amr: [...amr, 'mfa'] } };
  await renewProof(web, interaction, { enrolment });
  toDispatcher(ctx, interaction.uid, 'factor-enrolled');
}

async function begin(ctx: Context, visit: EnrolVisit): Promise<Enrolling | undefined> {
  const { interaction } = visit;
  const pending = await whoEnrols(ctx, visit);
  if (!pending) return undefined;
  const { userId } = pending.account;
  const seed = enrolmentOf(interaction, userId)?.seed ?? newTotpSeed();
  if (!pending.enrolment) await keepInInteraction(interaction, { enrolment: { userId, seed } satisfies Enrolment });
  return { pending, seed };
}

function draw(
  ctx: Context,
  { web, href, links, surroundings }: EnrolVisit,
  { pending, seed }: Enrolling,
  refused?: DomainError,
): void {
  const { account, need } = pending;
  const { error, status } = refusal(ctx, refused, 'code');
  const named = account.email ?? account.phone ?? account.username ?? account.userId;
  const address = totpAddress(seed, { account: named, issuer: account.tenant.name });
  const until = need?.postponableUntil;
  web.pages.render(
    ctx,
    'interaction/factor-enrol',
    {
      action: href,
      qr: qrCode(address),
      seed: seed.match(/.{4}/g)?.join(' ') ?? seed,
      appHref: address,
      later: until ? { action: links.later, until } : undefined,
      keyHref: links.key,
      restartHref: links.restart,
      error,
    },
    { ...surroundings, tenant: surroundings.tenant ?? account.tenant, status },
  );
}

async function enrol(ctx: Context, { web, form }: EnrolVisit, { pending, seed }: Enrolling): Promise<string[]> {
  if (!form.code?.trim()) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'code' });
  await consume(web.db, factorLimits.factorEntriesPerIp, ctx.ip);
  const { tenantId, userId } = pending.account;
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  return enrolTotp(web.db, { tenantId, userId, seed, code: form.code, hasProvedTwo: false }, deps);
}

async function submit(ctx: Context, visit: EnrolVisit): Promise<void> {
  const { interaction } = visit;
  const enrolling = await begin(ctx, visit);
  if (!enrolling) return;
  let codes: string[];
  try {
    codes = await enrol(ctx, visit, enrolling);
  } catch (error) {
    // Somebody was faster, such as the first of two clicks: what there is now has to be proved.
    if (error instanceof DomainError && error.code === 'FACTOR_ENROLLED') return toDispatcher(ctx, interaction.uid);
    if (!isShownOnForm(error)) throw error;
    return draw(ctx, visit, enrolling, error);
  }
  await keepEnrolled(ctx, visit, enrolling.pending, { codes, amr: ['otp'] });
}

async function postpone(ctx: Context, { web, ...visit }: Visit): Promise<void> {
  const pending = await pendingFactor(ctx, web, visit);
  if (!pending?.need?.postponableUntil) return toDispatcher(ctx, visit.interaction.uid);
  await acceptFirstFactor(ctx, web, pending);
}

async function showCodes(ctx: Context, { web, href, links, ...visit }: Visit<'file'>): Promise<void> {
  const pending = await pendingFactor(ctx, web, visit);
  const codes = pending?.enrolment?.enrolled?.codes;
  if (!pending || !codes) return toDispatcher(ctx, visit.interaction.uid);
  const { surroundings } = visit;
  const tenant = surroundings.tenant ?? pending.account.tenant;
  web.pages.render(
    ctx,
    'interaction/factor-codes',
    { action: href, codes, fileHref: links.file },
    { ...surroundings, tenant },
  );
}

async function sendCodes(ctx: Context, { web, ...visit }: Visit): Promise<void> {
  const pending = await pendingFactor(ctx, web, visit);
  const codes = pending?.enrolment?.enrolled?.codes;
  if (!pending || !codes) return toDispatcher(ctx, visit.interaction.uid);
  const text = web.pages.i18n.translator(ctx.state.locale ?? 'en');
  const heading = text('interaction.factor_codes.file', { tenant: pending.account.tenant.name });
  ctx.attachment('recovery-codes.txt');
  ctx.type = 'text/plain; charset=utf-8';
  ctx.body = `${[heading, '', ...codes].join('\n')}\n`;
}

async function keepCodes(ctx: Context, { web, ...visit }: Visit): Promise<void> {
  const pending = await pendingFactor(ctx, web, visit);
  const enrolled = pending?.enrolment?.enrolled;
  if (!pending || !enrolled) return toDispatcher(ctx, visit.interaction.uid);
  await acceptSecondFactor(ctx, web, pending, { amr: enrolled.amr });
}

export const enrolSteps = {
  'factor-enrol': {
    async show(ctx, visit) {
      const enrolling = await begin(ctx, visit);
      if (enrolling) draw(ctx, visit, enrolling);
    },
    submit,
  },
  'factor-codes': { show: showCodes, submit: keepCodes },
  'factor-codes-file': { show: sendCodes },
  'factor-later': { submit: postpone },
} satisfies Partial<Handlers>;
