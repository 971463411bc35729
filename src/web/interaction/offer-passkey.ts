/**
 * The step at which somebody is offered a passkey who has just signed in by a password or a code, in a browser that says that it
 * could make one. Comes once, after everything is proved; whatever comes of it, the sign-in goes on.
 */
import type { Context } from 'koa';
import { addPasskey, passkeyToAdd } from '../../domain/methods/passkey/add-passkey.ts';
import { recordPasskeyOffer } from '../../domain/methods/passkey/offer-passkey.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { DomainError } from '../../platform/errors.ts';
import { sha256 } from '../../platform/secrets.ts';
import type { FormModel } from '../pages/form-model.ts';
import { callerOf, toDispatcher } from './context.ts';
import { isShownOnForm, refusal } from './form-refusal.ts';
import { askedPerson, goOn } from './proof.ts';
import type { Handlers, Visit } from './visit.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `credential` and `name`; `laterAction` takes a POST with nothing. */
    'interaction/passkey-offer': FormModel & {
      action: string;
      laterAction: string;
      options: Record<string, unknown>;
    };
  }
}

type OfferVisit = Visit<'later'>;

/** The interaction stands where a session does on the account's page: one browser's, and one person's. */
function placeOf({ interaction }: OfferVisit, { tenantId, userId }: AccountProfile) {
  return { tenantId, userId, sessionUidHash: sha256(`interaction:${interaction.uid}`) };
}

async function draw(ctx: Context, visit: OfferVisit, account: AccountProfile, refused?: DomainError): Promise<void> {
  const { web, surroundings, href, links } = visit;
  const { tenant, email, phone, username, fullName } = account;
  const name = email ?? username ?? phone ?? tenant.name;
  const wanted = { ...placeOf(visit, account), name, displayName: fullName ?? name };
  const options = await passkeyToAdd(web.db, wanted, { ...web, partyName: tenant.name });
  const { error, status } = refusal(ctx, refused, 'name');
  const model = { action: href, laterAction: links.later, options, error };
  const looks = { ...surroundings, tenant: surroundings.tenant ?? tenant, status };
  web.pages.render(ctx, 'interaction/passkey-offer', model, looks);
}

async function show(ctx: Context, visit: OfferVisit): Promise<void> {
  const account = await askedPerson(visit.web, visit.interaction, 'passkey');
  if (!account) return toDispatcher(ctx, visit.interaction.uid);
  await recordPasskeyOffer(visit.web.db, account);
  await draw(ctx, visit, account);
}

async function submit(ctx: Context, visit: OfferVisit): Promise<void> {
  const { web, interaction, form } = visit;
  const account = await askedPerson(web, interaction, 'passkey');
  if (!account) return toDispatcher(ctx, interaction.uid);
  const made = { answer: form.credential ?? '', name: form.name ?? '' };
  try {
    await addPasskey(
      web.db,
      { ...placeOf(visit, account), ...made },
      { ...web, caller: callerOf(ctx, account.userId) },
    );
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    return draw(ctx, visit, account, error);
  }
  await goOn(ctx, web, interaction);
}

async function later(ctx: Context, { web, interaction }: Visit): Promise<void> {
  if (!(await askedPerson(web, interaction, 'passkey'))) return toDispatcher(ctx, interaction.uid);
  await goOn(ctx, web, interaction);
}

export const passkeyOfferSteps = {
  'passkey-offer': { show, submit },
  'passkey-later': { submit: later },
} satisfies Partial<Handlers>;
