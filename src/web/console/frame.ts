/** What surrounds every page of the console: the rail, the bar, who one is, and what was done just now. */
import { accountClientId } from '../../oidc/account-client.ts';
import { type SectionName, shownSections, wordsOf } from './sections.ts';
import { hrefTo, queryValue, type Visit } from './visit.ts';

export interface ConsoleFrame {
  homeHref: string;
  tenant: { name: string; slug: string };
  /** Of who may see it, in order; `section` names the words. */
  sections: { section: SectionName; href: string; icon: string; group: string; current: boolean }[];
  person: { name: string; address: string };
  accountHref: string;
  signOutHref: string;
  /** The place that narrows the lists, if one is chosen. */
  place?: { name: string; clearHref: string };
  /** Where a place can be chosen; absent for who sees no places. */
  placeHref?: string;
  searchHref: string;
  /** Where the console of another tenant begins; absent for who has one alone. */
  tenantsHref?: string;
  /** A key of the locale: what was done just before. */
  notice?: string;
}

function noticeOf(visit: Visit): string | undefined {
  const notice = queryValue(visit, 'notice');
  // Anybody can write the address: it says no more than one of our own texts.
  if (notice === undefined || visit.section === undefined || !/^[a-z_]{1,40}$/.test(notice)) return undefined;
  return `${wordsOf(visit.section)}.notices.${notice}`;
}

/** The page at hand, but at no place, or without what was said. */
function sameWithout(visit: Visit, ...names: string[]): string {
  const query = new URLSearchParams(visit.ctx.querystring);
  for (const name of [...names, 'notice', 'after']) query.delete(name);
  const text = query.toString();
  return text === '' ? visit.ctx.path : `${visit.ctx.path}?${text}`;
}

export function frameOf(visit: Visit): ConsoleFrame {
  const { tenant, holdings, operator, web, at } = visit;
  const { fullName, email, phone, username } = operator.person.profile;
  const address = email ?? phone ?? username ?? '';
  const afterSignOut = { client_id: accountClientId, post_logout_redirect_uri: `${web.issuer}/` };
  const seesPlaces = holdings.nodesOf('org.read').length > 0;
  const isHome = operator.actor.tenantId === tenant.id;
  const here = sameWithout(visit, 'at');
  return {
    homeHref: hrefTo(visit, ''),
    tenant: { name: tenant.name, slug: tenant.slug },
    sections: shownSections(visit).map(({ section, path, icon, group }) => ({
      section,
      href: hrefTo(visit, path),
      icon,
      group,
      current: section === visit.section,
    })),
    person: { name: fullName ?? address, address },
    accountHref: '/account',
    signOutHref: `/logout?${new URLSearchParams(afterSignOut)}`,
    place: at && { name: at.name, clearHref: here },
    placeHref: seesPlaces ? hrefTo(visit, '/place', { back: here }) : undefined,
    searchHref: hrefTo(visit, '/search'),
    tenantsHref: isHome ? undefined : '/console',
    notice: noticeOf(visit),
  };
}
