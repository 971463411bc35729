/** What the samples of all the console's pages have around them. */
import type { ConsoleFrame } from '../../src/web/console/frame.ts';
import type { ListModel } from '../../src/web/console/list.ts';
import { type SectionName, sections } from '../../src/web/console/sections.ts';
import type { ThenModel } from '../../src/web/console/then.ts';

/** The frame as an owner of the platform's tenant sees it, in a section. */
export function consoleFrame(current: SectionName, overrides: Partial<ConsoleFrame> = {}): ConsoleFrame {
  return {
    homeHref: '/console/northwind',
    tenant: { name: 'Northwind Logistics', slug: 'northwind' },
    sections: sections.map(({ section, path, icon, group }) => ({
      section,
      href: `/console/northwind${path}`,
      icon,
      group,
      current: section === current,
    })),
    person: { name: 'Ingrid Falk', address: 'ingrid.falk@northwind.example' },
    accountHref: '/account',
    signOutHref: '/logout?client_id=gatehouse-account',
    placeHref: '/console/northwind/place',
    searchHref: '/console/northwind/search',
    ...overrides,
  };
}

/** A list that is whole on its one page, with nothing to narrow it. */
export function listOf<T>(words: string, action: string, items: T[]): ListModel<T> {
  return { words, items, action, hidden: [], filters: [], sorts: {}, isNarrowed: false, clearHref: action };
}

/** A question of access that is asked of now; or of then. */
export function thenOf(nowHref: string, overrides: Partial<ThenModel> = {}): ThenModel {
  return { value: '', timeZone: 'Europe/Stockholm', isOver: false, nowHref, ...overrides };
}

/** Of a moment that is over. */
export const over: Partial<ThenModel> = { value: '2025-09-15T10:00', at: '2025-09-15T08:00:00.000Z', isOver: true };
/** Of one from which nothing is known. */
export const unknown: Partial<ThenModel> = { ...over, since: '2025-10-01T07:30:00.000Z' };
