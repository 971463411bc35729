/** The tabs of the section Sign-in, each for who may see what is behind it. */
import { hrefTo, type Visit } from '../visit.ts';

export interface SignInTab {
  tab: 'ways' | 'providers';
  href: string;
  current: boolean;
}

const tabs = [
  { tab: 'ways', path: '/sign-in', capability: 'tenant.manage' },
  { tab: 'providers', path: '/sign-in/providers', capability: 'identity_providers.manage' },
] as const;

export function signInTabs(visit: Visit, current: SignInTab['tab']): SignInTab[] {
  return tabs
    .filter(({ capability }) => visit.holdings.everywhere(capability))
    .map(({ tab, path }) => ({ tab, href: hrefTo(visit, path), current: tab === current }));
}
