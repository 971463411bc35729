/**
 * Adding a second factor from the account. Whoever has none is led through a sign-in that asks for two (web/factors/enrol.ts): so
 * they have just proved who they are, and come back with both. To add another, they have proved two in the last five minutes:
 * whoever knows the first alone adds nothing. The seed of an app that is being set up is in the form, sealed, and in no table.
 */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { enrolTotp } from '../../domain/factors/factors.ts';
import { acr } from '../../domain/factors/requirement.ts';
import { addSecurityKey, securityKeyToAdd } from '../../domain/factors/security-keys.ts';
import { newTotpSeed, totpAddress } from '../../domain/factors/totp.ts';
import { keysOf } from '../../domain/methods/passkey/key-factor.ts';
import { DomainError } from '../../platform/errors.ts';
import { defineSecretPurpose, type Secrets } from '../../platform/secrets.ts';
import { keyOwnerOf } from '../factors/enrol-key.ts';
import { type QrCode, qrCode } from '../factors/qr-code.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import type { FormModel } from '../pages/form-model.ts';
import { drawPage, freshForm, freshPersonOfPage, leadTo, type PostedForm, personOfPage } from './account-page.ts';
import { drawRecoveryCodes } from './factors.ts';
import type { AccountNav } from './sections.ts';
import { type SignedIn, signInAgainAddress } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `code` and `seed`. */
    'account/factor-app': FormModel & {
      nav: AccountNav;
      action: string;
      qr: QrCode;
      /** The seed as it is typed, in groups of four. */
      seed: string;
      /** As the form carries it. */
      sealedSeed: string;
      appHref: string;
      backHref: string;
    };
    /** Posts `credential` and `name`. */
    'account/factor-key': FormModel & {
      nav: AccountNav;
      action: string;
      /** What the browser is asked for. */
      options: Record<string, unknown>;
      backHref: string;
    };
  }
}

const home = '/account/security';
const page = `${home}/second-factor`;
const appPage = `${page}/app`;
const keyPage = `${page}/key`;

const newSeeds = defineSecretPurpose('new-second-factors');
const seedLifeMs = 15 * 60_000;

const seedContext = ({ profile, sessionUidHash }: SignedIn) => `${sessionUidHash.toString('hex')}:${profile.userId}`;

function sealSeed(secrets: Secrets, person: SignedIn, seed: string): string {
  return secrets.seal(newSeeds, `${Date.now() + seedLifeMs}:${seed}`, seedContext(person)).toString('base64url');
}

/** Undefined for one that is not of this sign-in, or too old. */
function openSeed(secrets: Secrets, person: SignedIn, sealed: string): string | undefined {
  const opened = secrets.open(newSeeds, Buffer.from(sealed, 'base64url'), seedContext(person)) ?? '';
  const [end, seed] = opened.split(':');
  return Number(end) > Date.now() ? seed : undefined;
}

/** To prove two factors now, and come back. Whoever has none enrols the first there, and has no other to add. */
function leadToBoth(ctx: Context, web: WebDependencies, person: SignedIn, wanted: string): void {
  const { hasSecondFactor } = person.profile;
  const address = signInAgainAddress(web.issuer, person, hasSecondFactor ? wanted : home);
  leadTo(ctx, `${address}&${new URLSearchParams({ acr_values: acr.aal2 })}`);
}

/** Who has just proved two factors; undefined where they are led to do so. */
async function provedBoth(ctx: Context, web: WebDependencies, wanted: string): Promise<SignedIn | undefined> {
  const person = await freshPersonOfPage(ctx, web);
  if (!person || person.acr === acr.aal2) return person;
  leadToBoth(ctx, web, person, wanted);
  return undefined;
}

async function postedByBoth(ctx: Context, web: WebDependencies, wanted: string): Promise<PostedForm | undefined> {
  const posted = await freshForm(ctx, web, wanted);
  if (!posted || posted.person.acr === acr.aal2) return posted;
  leadToBoth(ctx, web, posted.person, wanted);
  return undefined;
}

function drawApp(ctx: Context, web: WebDependencies, person: SignedIn, seed: string, refused?: DomainError): void {
  const { profile } = person;
  const { error, status } = refusal(ctx, refused, 'code');
  const named = profile.email ?? profile.phone ?? profile.username ?? profile.userId;
  const appHref = totpAddress(seed, { account: named, issuer: profile.tenant.name });
  const model = {
    action: appPage,
    qr: qrCode(appHref),
    seed: seed.match(/.{4}/g)?.join(' ') ?? seed,
    sealedSeed: sealSeed(web.secrets, person, seed),
    appHref,
    backHref: home,
    error,
  };
  drawPage(ctx, web, person, { section: 'security', view: 'account/factor-app', status }, model);
}

async function drawKey(ctx: Context, web: WebDependencies, person: SignedIn, refused?: DomainError): Promise<void> {
  const { profile, sessionUidHash } = person;
  const { error, status } = refusal(ctx, refused, 'name');
  const place = sessionUidHash.toString('hex');
  const known = await keysOf(web.db, profile);
  const deps = { secrets: web.secrets, issuer: web.issuer, partyName: profile.tenant.name };
  const options = securityKeyToAdd(keyOwnerOf(profile), { place, known }, deps);
  const model = { action: keyPage, options, backHref: home, error };
  drawPage(ctx, web, person, { section: 'security', view: 'account/factor-key', status }, model);
}

/** Enrols what a form brings; shows the recovery codes of a first factor, or goes back to the list. */
async function enrol(
  ctx: Context,
  web: WebDependencies,
  person: SignedIn,
  { work, draw }: { work: () => Promise<string[]>; draw: (refused: DomainError) => void | Promise<void> },
): Promise<void> {
  let codes: string[];
  try {
    codes = await work();
  } catch (error) {
    const isShown = error instanceof DomainError && (error.kind === 'conflict' || isShownOnForm(error));
    if (!isShown) throw error;
    return draw(error);
  }
  if (codes.length === 0) return leadTo(ctx, `${home}?notice=factor_added`);
  drawRecoveryCodes(ctx, web, person, { left: codes.length, codes });
}

async function addApp(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await postedByBoth(ctx, web, appPage);
  if (!posted) return;
  const { person, form } = posted;
  const { tenantId, userId } = person.profile;
  const seed = openSeed(web.secrets, person, form.seed ?? '');
  if (seed === undefined) return leadTo(ctx, appPage);
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  await enrol(ctx, web, person, {
    work: () => enrolTotp(web.db, { tenantId, userId, hasProvedTwo: true, seed, code: form.code ?? '' }, deps),
    draw: (refused) => drawApp(ctx, web, person, seed, refused),
  });
}

async function addKey(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await postedByBoth(ctx, web, keyPage);
  if (!posted) return;
  const { person, form } = posted;
  const { tenantId, userId } = person.profile;
  const made = { answer: form.credential ?? '', name: form.name ?? '', place: person.sessionUidHash.toString('hex') };
  const deps = { secrets: web.secrets, issuer: web.issuer, caller: callerOf(ctx, userId) };
  await enrol(ctx, web, person, {
    work: async () => (await addSecurityKey(web.db, { tenantId, userId, hasProvedTwo: true, ...made }, deps)).codes,
    draw: (refused) => drawKey(ctx, web, person, refused),
  });
}

/** Mounts `/security/second-factor` and what is below it on the router of the account pages. */
export function mountSecondFactor(router: Router, web: WebDependencies): void {
  router.get('/security/second-factor', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (!person) return;
    if (person.profile.hasSecondFactor) return leadTo(ctx, home);
    leadToBoth(ctx, web, person, home);
  });
  router.get('/security/second-factor/app', async (ctx) => {
    const person = await provedBoth(ctx, web, appPage);
    if (person) drawApp(ctx, web, person, newTotpSeed());
  });
  router.post('/security/second-factor/app', (ctx) => addApp(ctx, web));
  router.get('/security/second-factor/key', async (ctx) => {
    const person = await provedBoth(ctx, web, keyPage);
    if (person) await drawKey(ctx, web, person);
  });
  router.post('/security/second-factor/key', (ctx) => addKey(ctx, web));
}
