/** What the pages of one person have in common: who it is, and the tabs over everything that there is of them. */
import { ask } from '../ask.ts';
import { hrefTo, type Visit } from '../visit.ts';

/** As `users.get` answers. */
export interface Person {
  id: string;
  full_name: string | null;
  given_name: string | null;
  family_name: string | null;
  email: string | null;
  email_verified: boolean;
  phone: string | null;
  phone_verified: boolean;
  username: string | null;
  external_id: string | null;
  picture_url: string | null;
  state: 'active' | 'inactive';
  mfa_required: boolean;
  mfa_enabled: boolean;
  password_changed_at: string | null;
  last_login_at: string | null;
  created_at: string;
  updated_at: string;
}

/** Each tab, and what one has to hold to be shown it: somewhere, or in the whole tenant. */
const tabs = [
  { tab: 'details', path: '', capability: 'users.read' },
  { tab: 'access', path: '/access', capability: 'users.read' },
  { tab: 'sign_in', path: '/sign-in', capability: 'users.read' },
  { tab: 'sessions', path: '/sessions', capability: 'sessions.manage' },
  { tab: 'token', path: '/token', capability: 'users.read' },
  { tab: 'history', path: '/history', capability: 'audit.read', everywhere: true },
] as const;
type Tab = (typeof tabs)[number]['tab'];

/** The head of every page of a person. */
export interface PersonHead {
  name: string;
  address: string;
  state: Person['state'];
  tabs: { tab: Tab; href: string; current: boolean }[];
  listHref: string;
}

export const personParams = ({ params }: Visit) => ({ user_id: params.userId ?? '' });

export async function readPerson(visit: Visit): Promise<{ person: Person; etag?: string }> {
  const { body: person, etag } = await ask<Person>(visit, 'users.get', { params: personParams(visit) });
  return { person, etag };
}

export function nameOf({ full_name, email, phone, username, id }: Person): string {
  return full_name ?? email ?? phone ?? username ?? id;
}

export const personPath = ({ params }: Visit) => `/people/${params.userId}`;

export function headOf(visit: Visit, person: Person, current: Tab): PersonHead {
  const name = nameOf(person);
  const address = [person.email, person.phone, person.username].find((one) => one !== null && one !== name);
  return {
    name,
    address: address ?? '',
    state: person.state,
    tabs: tabs
      .filter(({ capability, ...tab }) =>
        'everywhere' in tab ? visit.holdings.everywhere(capability) : visit.holdings.nodesOf(capability).length > 0,
      )
      .map(({ tab, path }) => ({ tab, href: hrefTo(visit, `${personPath(visit)}${path}`), current: tab === current })),
    listHref: hrefTo(visit, '/people'),
  };
}
