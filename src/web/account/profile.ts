/** Who a person is here: their name, their picture and their addresses. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import type { AccountProfile } from '../../domain/users/users.ts';
import type { WebDependencies } from '../interaction/context.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, personOfPage } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import { verificationLinks } from './verify.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/home': {
      nav: AccountNav;
      account: {
        name: string;
        email: string;
        emailVerified: boolean;
        phone?: string;
        /** Without it, nothing is said about the phone's proof. */
        phoneVerified?: boolean;
        pictureUrl?: string;
      };
      /** Where an address that is not verified yet can be. */
      verify: { email?: string; phone?: string };
      /** What the person has just done. */
      notice?: 'address_verified';
    };
  }
}

type HomeModel = ViewModels['account/home'];

/** What has just been done, as an address of ours says it; anybody can write the address, and it says no more than this. */
function noticeOf({ notice }: Context['query']): HomeModel['notice'] {
  return notice === 'address_verified' ? notice : undefined;
}

function accountModel({ fullName, email, phone, ...profile }: AccountProfile): HomeModel['account'] {
  return {
    name: fullName ?? email ?? phone ?? '',
    email: email ?? '',
    emailVerified: profile.emailVerified,
    phone: phone ?? undefined,
    phoneVerified: profile.phoneVerified,
    pictureUrl: profile.pictureUrl ?? undefined,
  };
}

/** Mounts the first page on the router of the account pages. */
export function mountProfile(router: Router, web: WebDependencies): void {
  router.get('/', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (!person) return;
    const { profile } = person;
    const model = {
      account: accountModel(profile),
      verify: verificationLinks(web, profile),
      notice: noticeOf(ctx.query),
    };
    drawPage(ctx, web, person, { section: 'profile', view: 'account/home' }, model);
  });
}
