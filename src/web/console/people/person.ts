/** One person: what is known of them, and how that is changed. What else there is of them has tabs of its own. */
import type Router from '@koa/router';
import { mayAsk } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, nameOf, type Person, type PersonHead, personParams, personPath, readPerson } from './person-page.ts';

/** What may be done to the person by who looks; absent: not by them. */
interface PersonActions {
  editHref?: string;
  addressesHref?: string;
  deactivateHref?: string;
  activateHref?: string;
  exportHref?: string;
  deleteHref?: string;
  eraseHref?: string;
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

async function actionsOn(visit: Visit, person: Person): Promise<PersonActions> {
  const params = personParams(visit);
  const href = async (operation: string, path: string, body: object = {}) =>
    (await mayAsk(visit, operation, { params, body })) ? hrefTo(visit, `${personPath(visit)}/${path}`) : undefined;
  const isActive = person.state === 'active';
  const [editHref, addressesHref, exportHref, deleteHref, eraseHref, deactivateHref, activateHref] = await Promise.all([
    href('users.update', 'edit'),
    href('users.update', 'addresses', { email: '' }),
    href('users.export', 'export'),
    href('users.delete', 'delete'),
    href('users.erase', 'erase'),
    isActive ? href('users.deactivate', 'deactivate') : undefined,
    isActive ? undefined : href('users.activate', 'activate'),
  ]);
  return { editHref, addressesHref, exportHref, deleteHref, eraseHref, deactivateHref, activateHref };
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
