/** Who a person is here: their name, their picture and their addresses, and how they like to be addressed. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { updateProfile } from '../../domain/users/profiles.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import type { FormModel } from '../pages/form-model.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, leadTo, personOfPage, postedForm } from './account-page.ts';
import { newAddressChannels } from './change-address.ts';
import { preferencesModel } from './preferences.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';
import { verificationLinks } from './verify.ts';

interface ProfileValues {
  full_name: string;
  given_name: string;
  family_name: string;
  picture_url: string;
}

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
      /** Where another one can be given, for each that can. */
      change: { email?: string; phone?: string };
      /** In the reader's words; without a zone, times are told in the browser's own. */
      preferences: { language?: string; timeZone?: string; theme: 'light' | 'dark' | 'system'; mails: boolean };
      editHref: string;
      preferencesHref: string;
      /** What the person has just done. */
      notice?: 'address_verified' | 'address_changed' | 'profile_saved' | 'preferences_saved';
    };
    'account/profile': FormModel & {
      nav: AccountNav;
      /** Takes the fields of `values`. */
      action: string;
      backHref: string;
      values: ProfileValues;
    };
  }
}

type HomeModel = ViewModels['account/home'];

const notices = ['address_verified', 'address_changed', 'profile_saved', 'preferences_saved'] as const;

/** What has just been done, as an address of ours says it; anybody can write the address, and it says no more than this. */
function noticeOf({ notice }: Context['query']): HomeModel['notice'] {
  return notices.find((name) => name === notice);
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

function changeLinks(web: WebDependencies, profile: AccountProfile): HomeModel['change'] {
  const link = (kind: 'email' | 'phone') =>
    newAddressChannels(web, profile, kind).length > 0 ? `/account/change-${kind}` : undefined;
  return { email: link('email'), phone: link('phone') };
}

async function showHome(ctx: Context, web: WebDependencies): Promise<void> {
  const person = await personOfPage(ctx, web);
  if (!person) return;
  const { profile } = person;
  const model = {
    account: accountModel(profile),
    verify: verificationLinks(web, profile),
    change: changeLinks(web, profile),
    preferences: preferencesModel(web, profile),
    editHref: '/account/profile',
    preferencesHref: '/account/preferences',
    notice: noticeOf(ctx.query),
  };
  drawPage(ctx, web, person, { section: 'profile', view: 'account/home' }, model);
}

const page = '/account/profile';

const fieldOf: Record<string, keyof ProfileValues> = {
  fullName: 'full_name',
  givenName: 'given_name',
  familyName: 'family_name',
  pictureUrl: 'picture_url',
};

function showForm(
  ctx: Context,
  web: WebDependencies,
  person: SignedIn,
  values: ProfileValues,
  refused?: Parameters<typeof refusal>[1],
): void {
  const { error, status } = refusal(ctx, refused, ({ params }) => fieldOf[String(params.field)] ?? 'full_name');
  const model = { action: page, backHref: '/account', values, error };
  drawPage(ctx, web, person, { section: 'profile', view: 'account/profile', status }, model);
}

function valuesOf({ fullName, givenName, familyName, pictureUrl }: AccountProfile): ProfileValues {
  return {
    full_name: fullName ?? '',
    given_name: givenName ?? '',
    family_name: familyName ?? '',
    picture_url: pictureUrl ?? '',
  };
}

async function save(ctx: Context, web: WebDependencies): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  const { full_name = '', given_name = '', family_name = '', picture_url = '' } = form;
  const wanted = { fullName: full_name, givenName: given_name, familyName: family_name, pictureUrl: picture_url };
  try {
    await updateProfile(web.db, { tenantId, userId, ...wanted }, callerOf(ctx, userId));
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    return showForm(ctx, web, person, { full_name, given_name, family_name, picture_url }, error);
  }
  leadTo(ctx, '/account?notice=profile_saved');
}

/** Mounts the first page, and the form of names and picture, on the router of the account pages. */
export function mountProfile(router: Router, web: WebDependencies): void {
  router.get('/', (ctx) => showHome(ctx, web));
  router.get('/profile', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (person) showForm(ctx, web, person, valuesOf(person.profile));
  });
  router.post('/profile', (ctx) => save(ctx, web));
}
