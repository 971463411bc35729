/** The ways in which a person signs in. Each is changed by its own file. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { WebDependencies } from '../interaction/context.ts';
import type { FormModel } from '../pages/form-model.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, personOfPage } from './account-page.ts';
import { mountFactors, type SecondFactorModel, secondFactorModel } from './factors.ts';
import { identitiesModel, mountIdentities } from './identities.ts';
import { mountPasskeys, passkeysModel } from './passkeys.ts';
import { findOwnPassword, mountPassword } from './password.ts';
import { mountSecondFactor } from './second-factor.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/security': FormModel & {
      nav: AccountNav;
      secondFactor: SecondFactorModel;
      /** What the person has just done. */
      notice?: 'identity_linked' | 'identity_unlinked' | 'password_changed' | 'factor_added' | 'factor_removed';
      /** Absent where the tenant has no passwords. */
      password?: { isSet: boolean; changedAt?: Date; href: string };
      /** Absent where the tenant has no passkeys and the person has none. */
      passkeys?: { count: number; href: string };
      /** Accounts elsewhere that sign in to this one. Unlinking posts `provider=<key>`. */
      identities: {
        /** The provider's key; a person has one account at each. */
        provider: string;
        /** The provider's name. */
        name: string;
        /** The account there, such as its email address. */
        detail?: string;
        linkedAt?: Date;
        /** False where it is the only way left to sign in. */
        canUnlink: boolean;
      }[];
      /** Providers that could still be linked. Linking posts `provider=<key>`. */
      linkable: { key: string; name: string }[];
      linkAction: string;
      unlinkAction: string;
    };
  }
}

type SecurityModel = ViewModels['account/security'];

/** Draws the page of the ways to sign in, for what changes one of them and is refused. */
export type ShowSecurity = (
  ctx: Context,
  person: SignedIn,
  more?: Pick<SecurityModel, 'error'> & { status?: number },
) => Promise<void>;

const notices = ['identity_linked', 'identity_unlinked', 'password_changed', 'factor_added', 'factor_removed'] as const;

/** What has just been done, as an address of ours says it; anybody can write the address, and it says no more than this. */
function noticeOf({ notice }: Context['query']): SecurityModel['notice'] {
  return notices.find((name) => name === notice);
}

async function show(
  ctx: Context,
  web: WebDependencies,
  person: SignedIn,
  { error, status }: Pick<SecurityModel, 'error'> & { status?: number } = {},
): Promise<void> {
  const isSet = await findOwnPassword(web, person);
  const changedAt = person.profile.passwordChangedAt ?? undefined;
  const password = isSet === undefined ? undefined : { isSet, changedAt, href: '/account/password' };
  const model = {
    notice: noticeOf(ctx.query),
    error,
    password,
    passkeys: await passkeysModel(web, person),
    ...(await identitiesModel(web, person.profile)),
    secondFactor: await secondFactorModel(web, person.profile),
  };
  drawPage(ctx, web, person, { section: 'security', view: 'account/security', status }, model);
}

/** Mounts `/security`, and what changes the ways to sign in, on the router of the account pages. */
export function mountSecurity(router: Router, web: WebDependencies): void {
  router.get('/security', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (person) await show(ctx, web, person);
  });
  mountPassword(router, web);
  mountSecondFactor(router, web);
  mountPasskeys(router, web);
  const showSecurity: ShowSecurity = (ctx, person, more) => show(ctx, web, person, more);
  mountFactors(router, web, showSecurity);
  mountIdentities(router, web, showSecurity);
}
