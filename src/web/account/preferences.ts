/** How a person likes to be addressed: language, time zone, look, and what they are told of. */
import type Router from '@koa/router';
import type { Context } from 'koa';
import { updateSettings } from '../../domain/users/profiles.ts';
import type { AccountProfile } from '../../domain/users/users.ts';
import { DomainError } from '../../platform/errors.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { isShownOnForm, refusal } from '../interaction/form-refusal.ts';
import type { FormModel } from '../pages/form-model.ts';
import type { ViewModels } from '../pages/view-models.ts';
import { drawPage, leadTo, personOfPage, postedForm } from './account-page.ts';
import type { AccountNav } from './sections.ts';
import type { SignedIn } from './signed-in.ts';

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'account/preferences': FormModel & {
      nav: AccountNav;
      /** Takes `locale`, `zoneinfo`, `theme`, `notify_by_email` and `notify_in_app`; the last two by being there. */
      action: string;
      backHref: string;
      /** Empty: as the browser asks. */
      locale: string;
      locales: { value: string; name: string }[];
      /** Empty: the browser's. */
      zoneinfo: string;
      zones: string[];
      theme: 'light' | 'dark' | 'system';
      notifyByEmail: boolean;
      notifyInApp: boolean;
    };
  }
}

const page = '/account/preferences';
const themes = ['system', 'light', 'dark'] as const;
const zones = ['UTC', ...Intl.supportedValuesOf('timeZone')];

/** The language of the pages that fits what is stored: `fr` for `fr-CH`. */
function pageLocale(web: WebDependencies, locale: string | null): { code: string; name: string } | undefined {
  const { locales } = web.pages.i18n;
  return locales.find(({ code }) => code === locale) ?? locales.find(({ code }) => code === locale?.split('-')[0]);
}

/** What the first page says of them. */
export function preferencesModel(
  web: WebDependencies,
  { locale, zoneinfo, theme, notifyByEmail }: AccountProfile,
): ViewModels['account/home']['preferences'] {
  const language = pageLocale(web, locale)?.name ?? locale ?? undefined;
  return { language, timeZone: zoneinfo ?? undefined, theme, mails: notifyByEmail };
}

function show(ctx: Context, web: WebDependencies, person: SignedIn, refused?: DomainError): void {
  const { locale, zoneinfo, theme, notifyByEmail, notifyInApp } = person.profile;
  const locales = web.pages.i18n.locales.map(({ code, name }) => ({ value: code, name }));
  // What an application or an administrator has set stays, though our pages do not speak it.
  if (locale !== null && locales.every(({ value }) => value !== locale)) locales.push({ value: locale, name: locale });
  const { error, status } = refusal(ctx, refused, ({ params }) => String(params.field));
  const model = {
    action: page,
    backHref: '/account',
    locale: locale ?? '',
    locales,
    zoneinfo: zoneinfo ?? '',
    zones: zoneinfo === null || zones.includes(zoneinfo) ? zones : [...zones, zoneinfo],
    theme,
    notifyByEmail,
    notifyInApp,
    error,
  };
  drawPage(ctx, web, person, { section: 'profile', view: 'account/preferences', status }, model);
}

async function save(ctx: Context, web: WebDependencies): Promise<void> {
  const { person, form } = await postedForm(ctx, web);
  const { tenantId, userId } = person.profile;
  const theme = themes.find((name) => name === form.theme);
  try {
    if (!theme) throw new DomainError('invalid', 'INVALID_INPUT', { field: 'theme' });
    const wanted = {
      locale: form.locale || null,
      zoneinfo: form.zoneinfo || null,
      theme,
      notifyByEmail: form.notify_by_email !== undefined,
      notifyInApp: form.notify_in_app !== undefined,
    };
    await updateSettings(web.db, { tenantId, userId, ...wanted }, callerOf(ctx, userId));
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    return show(ctx, web, person, error);
  }
  const query = new URLSearchParams({ notice: 'preferences_saved' });
  // This browser reads the new language from now on, whatever was chosen at the foot of a page before.
  const language = pageLocale(web, form.locale || null);
  if (language) query.set('lang', language.code);
  leadTo(ctx, `/account?${query}`);
}

/** Mounts `/preferences` on the router of the account pages. */
export function mountPreferences(router: Router, web: WebDependencies): void {
  router.get('/preferences', async (ctx) => {
    const person = await personOfPage(ctx, web);
    if (person) show(ctx, web, person);
  });
  router.post('/preferences', (ctx) => save(ctx, web));
}
