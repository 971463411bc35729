/**
 * What the frames of the branding page show: the tenant's sign-in page, drawn as it is for everybody, with a look that is not
 * stored yet. It is a picture of it: it runs nothing, and nothing that is typed goes anywhere. Refuses to be opened by itself.
 */
import type Router from '@koa/router';
import { isAccentColor, isPictureUrl, isSupportUrl } from '../../../platform/brand.ts';
import { leadTo } from '../../account/account-page.ts';
import { recoveryChannels, signUpChannels } from '../../interaction/offered-channels.ts';
import { loginKindOf } from '../../interaction/sign-in-page.ts';
import { letBeFramed } from '../../pages/security-headers.ts';
import { signInOptions } from '../../sign-in/sign-in-options.ts';
import { assertMayEver } from '../ask.ts';
import { page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, queryValue, type Visit } from '../visit.ts';

/** The tenant with the look that the address says; what is none, as if it were not chosen. */
function wanted(visit: Visit): Visit['tenant'] {
  const value = (name: string, isOne: (text: string) => boolean) => {
    const text = queryValue(visit, name);
    return text !== undefined && isOne(text) ? text : null;
  };
  const branding = {
    accentColor: value('accent', isAccentColor),
    logoUrl: value('logo', isPictureUrl),
    supportUrl: value('help', isSupportUrl),
  };
  return { ...visit.tenant, settings: { ...visit.tenant.settings, branding } };
}

async function show(visit: Visit): Promise<void> {
  const { ctx, web } = visit;
  await assertMayEver(visit, 'tenants.settings.update');
  // By itself it would be a sign-in page that somebody else has written the address of.
  if (!['', 'iframe'].includes(ctx.get('sec-fetch-dest'))) return leadTo(ctx, hrefTo(visit, '/settings/branding'));
  const tenant = wanted(visit);
  const nowhere = '#';
  letBeFramed(ctx);
  web.pages.render(
    ctx,
    'interaction/sign-in',
    {
      action: nowhere,
      email: '',
      ...(await signInOptions(web, { tenant, uid: 'look' }, () => nowhere)),
      loginKind: loginKindOf({ web, tenant }),
      hasRecovery: recoveryChannels(web, tenant).length > 0,
      recoveryHref: nowhere,
      signUpHref: signUpChannels(web, tenant).length > 0 ? nowhere : undefined,
    },
    { tenant, theme: queryValue(visit, 'scheme') === 'dark' ? 'dark' : 'light', still: true },
  );
}

/** Mounts `/settings/branding/look`. */
export function mountLook(router: Router, deps: ConsoleDependencies): void {
  router.get('/settings/branding/look', page(deps, 'settings', show));
}
