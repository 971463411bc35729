/**
 * The sections of a person's own pages, in the order in which the navigation shows them. A feature that has a section of its
 * own adds a row here, its words as `account.nav.<section>` in the locales, and mounts its routes in account.ts.
 */

export interface AccountSection {
  /** `account.nav.<section>` in the locales. */
  section: string;
  /** A page that takes a GET. */
  href: string;
  /** Of views/partials/icon.ejs. */
  icon: string;
}

export const accountSections = [
  { section: 'profile', href: '/account', icon: 'person' },
  { section: 'security', href: '/account/security', icon: 'key' },
  { section: 'devices', href: '/account/devices', icon: 'screen' },
  { section: 'approvals', href: '/account/approvals', icon: 'check' },
  { section: 'applications', href: '/account/applications', icon: 'apps' },
  { section: 'access', href: '/account/access', icon: 'place' },
  { section: 'keys', href: '/account/keys', icon: 'tag' },
  { section: 'referrals', href: '/account/referrals', icon: 'gift' },
  { section: 'data', href: '/account/data', icon: 'data' },
] as const satisfies readonly AccountSection[];

export type AccountSectionName = (typeof accountSections)[number]['section'];

/** What `views/partials/account-nav.ejs` is drawn from; every page of the account has it as `nav`. */
export interface AccountNav {
  sections: (AccountSection & { current: boolean; waiting?: number })[];
  signOutHref: string;
  /** Absent for who administers nothing. */
  consoleHref?: string;
}

export function accountNav(
  current: AccountSectionName,
  { waiting = 0, ...links }: Pick<AccountNav, 'signOutHref' | 'consoleHref'> & { waiting?: number },
): AccountNav {
  const isAdministrator = links.consoleHref !== undefined;
  // Keys are made by who administers something; for everybody else the page is there, and not in the way.
  // Approvals are asked of few, and there is a way to them where something waits.
  const hidden: Partial<Record<string, boolean>> = { keys: !isAdministrator, approvals: waiting === 0 };
  const isShown = ({ section }: AccountSection) => section === current || !hidden[section];
  const sections = accountSections.filter(isShown).map((row) => ({
    ...row,
    current: row.section === current,
    ...(row.section === 'approvals' && waiting > 0 && { waiting }),
  }));
  return { sections, ...links };
}
