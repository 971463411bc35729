/** A person's own password: set where there is none, changed else. Asks for a sign-in that is not older than five minutes. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { acr } from '../../domain/factors/requirement.ts';
import { changeOwnPassword } from '../../domain/methods/password/change-password.ts';
import { allowsPasswords, passwordMethod } from '../../domain/methods/password/password-method.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import type { FormModel } from '../pages/form-model.ts';
import { drawPage, freshForm, freshPersonOfPage, leadTo } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/password': FormModel & {
      nav: AccountNav;
      /** Takes `password`. */
      action: string;
      backHref: string;
      /** What password managers keep it under. */
      username: string;
      /** Whether there is one already. */
      isSet: boolean;
    };
  }
}

const page = '/account/password';
const back = '/account/security';

/** Whether the person has one; undefined where the tenant has no passwords. */
export async function findOwnPassword(web: WebDependencies, { profile }: SignedIn): Promise<boolean | undefined> {
  const { tenantId, userId, tenant } = profile;
  if (!allowsPasswords(tenant.settings)) return undefined;
  return (await passwordMethod.credentialsOf(web.db, { tenantId, userId })).length > 0;
}

async function show(ctx: Context, web: WebDependencies, person: SignedIn, refused?: DomainError): Promise<void> {
  const isSet = await findOwnPassword(web, person);
  if (isSet === undefined) throw new DomainError('not_found', 'NOT_FOUND');
  const { error, status } = refusal(ctx, refused, 'password');
  const { email, phone, username } = person.profile;
  const model = { action: page, backHref: back, username: email ?? phone ?? username ?? '', isSet, error };
  drawPage(ctx, web, person, { section: 'security', view: 'account/password', status }, model);
}

async function change(ctx: Context, web: WebDependencies): Promise<void> {
  const posted = await freshForm(ctx, web, page);
  if (!posted) return;
  const { person, form } = posted;
  const { profile, sessionUidHash } = person;
  try {
    if (!form.password) throw new DomainError('invalid', 'FIELD_REQUIRED', { field: 'password' });
    const hasProvedTwo = person.acr === acr.aal2;
    const reader = { locale: ctx.state.locale ?? 'en' };
    const wanted = { password: form.password, keptUidHash: sessionUidHash, hasProvedTwo, ...reader };
    await changeOwnPassword(web.db, profile, wanted, { ...web, caller: callerOf(ctx, profile.userId) });
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    return show(ctx, web, person, error);
  }
  leadTo(ctx, `${back}?notice=password_changed`);
}

/** Mounts `/password` on the router of the account pages. */
export function mountPassword(router: Router, web: WebDependencies): void {
  router.get('/password', async (ctx) => {
    const person = await freshPersonOfPage(ctx, web);
    if (person) await show(ctx, web, person);
  });
  router.post('/password', (ctx) => change(ctx, web));
}
