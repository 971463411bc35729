/** One person: what is known of them, and how that is changed. What else there is of them has tabs of its own. */
import type Router from '@koa/router';
import { ask, mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

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
  last_login_at: string | null;
  created_at: string;
  updated_at: string;
}

const tabs = ['details'] as const;
type Tab = (typeof tabs)[number];

/** The head of every page of a person. */
export interface PersonHead {
  name: string;
  address: string;
  state: Person['state'];
  tabs: { tab: Tab; href: string; current: boolean }[];
  listHref: string;
}

/** What may be done to the person by who looks; absent: not by them. */
interface PersonActions {
  editHref?: string;
  addressesHref?: string;
  deactivateHref?: string;
  activateHref?: string;
  deleteHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/person': {
      frame: ConsoleFrame;
      head: PersonHead;
      person: Person;
      actions: PersonActions;
    };
  }
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
    tabs: tabs.map((tab) => ({
      tab,
      href: hrefTo(visit, tab === 'details' ? personPath(visit) : `${personPath(visit)}/${tab}`),
      current: tab === current,
    })),
    listHref: hrefTo(visit, '/people'),
  };
}

async function actionsOn(visit: Visit, person: Person): Promise<PersonActions> {
  const params = personParams(visit);
  const href = async (operation: string, path: string, body: object = {}) =>
    (await mayAsk(visit, operation, { params, body })) ? hrefTo(visit, `${personPath(visit)}/${path}`) : undefined;
  const isActive = person.state === 'active';
  const [editHref, addressesHref, deleteHref, deactivateHref, activateHref] = await Promise.all([
    href('users.update', 'edit'),
    href('users.update', 'addresses', { email: '' }),
    href('users.delete', 'delete'),
    isActive ? href('users.deactivate', 'deactivate') : undefined,
    isActive ? undefined : href('users.activate', 'activate'),
  ]);
  return { editHref, addressesHref, deleteHref, deactivateHref, activateHref };
}

async function showPerson(visit: Visit): Promise<void> {
  const { person } = await readPerson(visit);
  const actions = await actionsOn(visit, person);
  draw(visit, 'console/people/person', { head: headOf(visit, person, 'details'), person, actions });
}

const edited: FieldSpec[] = [
  { name: 'full_name', kind: 'text', optional: true, empty: 'null', maxLength: 200, autocomplete: 'off' },
  { name: 'given_name', kind: 'text', optional: true, empty: 'null', maxLength: 200, autocomplete: 'off' },
  { name: 'family_name', kind: 'text', optional: true, empty: 'null', maxLength: 200, autocomplete: 'off' },
  { name: 'picture_url', kind: 'url', optional: true, empty: 'null', maxLength: 2000, autocomplete: 'off' },
  { name: 'external_id', kind: 'text', optional: true, empty: 'null', maxLength: 255, autocomplete: 'off' },
];

const addresses: FieldSpec[] = [
  { name: 'email', kind: 'email', optional: true, empty: 'null', maxLength: 254, autocomplete: 'off' },
  { name: 'email_verified', kind: 'check' },
  { name: 'phone', kind: 'tel', optional: true, empty: 'null', maxLength: 30, autocomplete: 'off' },
  { name: 'phone_verified', kind: 'check' },
  { name: 'username', kind: 'text', optional: true, empty: 'null', maxLength: 64, autocomplete: 'off' },
];

/** Mounts `/people/<id>`, and the forms that change what is known of a person. */
export function mountPerson(router: Router, deps: ConsoleDependencies): void {
  const read = async (visit: Visit) => {
    const { person, etag } = await readPerson(visit);
    return { stored: person, etag, subject: nameOf(person) };
  };
  const shared = {
    section: 'people',
    operation: 'users.update',
    params: personParams,
    read,
    back: personPath,
    notice: 'saved',
  } as const;
  mountForm(router, deps, {
    ...shared,
    path: '/people/:userId/edit',
    words: 'console.people.edit',
    fields: () => edited,
  });
  mountForm(router, deps, {
    ...shared,
    path: '/people/:userId/addresses',
    words: 'console.people.addresses',
    fields: () => addresses,
    fresh: true,
  });
  router.get('/people/:userId', page(deps, 'people', showPerson));
}
