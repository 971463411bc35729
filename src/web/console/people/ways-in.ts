/**
 * How a person signs in, and why they cannot: each way with every check on it, by the rules that sign people in, and beside
 * it what would change the answer. What signs them in is changed by who could give all that they hold, after a fresh sign-in.
 */
import type Router from '@koa/router';
import { ask, askList, mayAsk } from '../ask.ts';
import { type Deed, mountDeed } from '../deed.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, nameOf, type PersonHead, personParams, personPath, readPerson } from './person-page.ts';

interface Check {
  refusal: string;
  passes: boolean;
  seconds: number | null;
}

interface CheckModel extends Check {
  /** What would change it; absent where that is not for who looks. */
  mendHref?: string;
}

interface Way {
  method: string;
  by: string;
  open: boolean;
  checks: Check[];
}

/** Something that is held and can be taken away. */
interface Held {
  id: string;
  name: string;
  created_at: string;
  last_used_at: string | null;
  removeHref?: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/people/sign-in': {
      frame: ConsoleFrame;
      head: PersonHead;
      canSignIn: boolean;
      checks: CheckModel[];
      ways: (Omit<Way, 'checks'> & { checks: CheckModel[] })[];
      password: { changedAt: string | null; setHref?: string; recoveryHref?: string };
      passkeys: Held[];
      identities: (Held & { email: string | null })[];
      /** Where an account elsewhere is linked by hand; absent where no provider is left for it. */
      linkHref?: string;
      factors: (Held & { ends_at: string | null })[];
      factorsHref?: string;
      unlockHref?: string;
    };
  }
}

const tab = (visit: Visit) => `${personPath(visit)}/sign-in`;

/** What would change a check, by what it refuses with: which operation, and on which page. */
const mends: Record<string, { operation: string; path: (visit: Visit) => string; section?: string }> = {
  user_inactive: { operation: 'users.activate', path: (visit) => `${personPath(visit)}/activate` },
  no_password_set: { operation: 'users.set_password', path: (visit) => `${tab(visit)}/password` },
  account_locked: { operation: 'users.unlock', path: (visit) => `${tab(visit)}/unlock` },
  account_slowed: { operation: 'users.unlock', path: (visit) => `${tab(visit)}/unlock` },
  too_many_failures: { operation: 'users.unlock', path: (visit) => `${tab(visit)}/unlock` },
  second_factor_locked: { operation: 'users.unlock', path: (visit) => `${tab(visit)}/unlock` },
  second_factor_slowed: { operation: 'users.unlock', path: (visit) => `${tab(visit)}/unlock` },
  unknown_account: { operation: 'users.update', path: (visit) => `${personPath(visit)}/addresses` },
  address_not_proved: { operation: 'users.update', path: (visit) => `${personPath(visit)}/addresses` },
  not_linked: { operation: 'users.identities.add', path: (visit) => `${tab(visit)}/providers/add` },
  method_not_offered: { operation: 'tenants.settings.update', path: () => '/sign-in', section: 'sign-in' },
  country_not_allowed: { operation: 'tenants.settings.update', path: () => '/sign-in', section: 'sign-in' },
  messages_exhausted: { operation: 'messages.unsent', path: () => '/messages', section: 'messages' },
  channel_unavailable: { operation: 'messages.unsent', path: () => '/messages', section: 'messages' },
};

/** The way to what would change each failed check, asked once for each operation. */
async function mender(visit: Visit, checks: readonly Check[]): Promise<(check: Check) => CheckModel> {
  const hrefs = new Map<string, string | undefined>();
  const params = personParams(visit);
  for (const { refusal } of checks.filter(({ passes }) => !passes)) {
    const mend = mends[refusal];
    if (!mend || hrefs.has(refusal) || (mend.section && !visit.mounted.has(mend.section))) continue;
    const may = await mayAsk(visit, mend.operation, { params, body: { email: '' } });
    hrefs.set(refusal, may ? hrefTo(visit, mend.path(visit)) : undefined);
  }
  return (check) => ({ ...check, mendHref: check.passes ? undefined : hrefs.get(check.refusal) });
}

type Row = Record<'id' | 'created_at', string> & Record<'last_used_at', string | null>;

async function heldBy(visit: Visit) {
  const asked = { params: personParams(visit) };
  const [passkeys, identities, factors] = await Promise.all([
    askList<Row & { name: string }>(visit, 'users.passkeys.list', asked),
    askList<Row & { provider: string; email: string | null }>(visit, 'users.identities.list', asked),
    askList<Row & { kind: string; ends_at: string | null }>(visit, 'users.factors.list', asked),
  ]);
  return { passkeys: passkeys.items, identities: identities.items, factors: factors.items };
}

interface Explained {
  can_sign_in: boolean;
  checks: Check[];
  ways: Way[];
}

async function explain(visit: Visit): Promise<Explained> {
  return (await ask<Explained>(visit, 'users.sign_in_checks', { params: personParams(visit) })).body;
}

/** The providers that the tenant offers and that sign the person in with no account yet. */
function unlinked({ ways }: Explained): string[] {
  const isOpen = ({ method, checks }: Way) =>
    method === 'federation' && checks.some(({ refusal, passes }) => refusal === 'not_linked' && !passes);
  return ways.filter(isOpen).map(({ by }) => by);
}

async function show(visit: Visit): Promise<void> {
  const params = personParams(visit);
  const { person } = await readPerson(visit);
  const body = await explain(visit);
  const mend = await mender(visit, [...body.checks, ...body.ways.flatMap(({ checks }) => checks)]);
  const held = await heldBy(visit);
  const mayCredentials = await mayAsk(visit, 'users.set_password', { params });
  const mayChange = await mayAsk(visit, 'users.unlock', { params });
  const href = (may: boolean, path: string) => (may ? hrefTo(visit, `${tab(visit)}${path}`) : undefined);
  draw(visit, 'console/people/sign-in', {
    head: headOf(visit, person, 'sign_in'),
    canSignIn: body.can_sign_in,
    checks: body.checks.map(mend),
    ways: body.ways.map((way) => ({ ...way, checks: way.checks.map(mend) })),
    password: {
      changedAt: person.password_changed_at,
      setHref: href(mayCredentials, '/password'),
      recoveryHref: href(mayChange, '/recovery'),
    },
    passkeys: held.passkeys.map((one) => ({ ...one, removeHref: href(mayCredentials, `/passkeys/${one.id}/remove`) })),
    identities: held.identities.map((one) => ({
      ...one,
      name: one.provider,
      removeHref: href(mayCredentials, `/providers/${one.provider}/remove`),
    })),
    linkHref: href(mayCredentials && unlinked(body).length > 0, '/providers/add'),
    factors: held.factors.map((one) => ({ ...one, name: one.kind })),
    factorsHref: href(mayCredentials && held.factors.length > 0, '/factors'),
    unlockHref: href(mayChange, '/unlock'),
  });
}

const shared = {
  section: 'people',
  subject: async (visit: Visit) => nameOf((await readPerson(visit)).person),
  input: (visit: Visit) => ({ params: personParams(visit) }),
  back: tab,
} as const;

const identityOf = (visit: Visit) => ({ params: { ...personParams(visit), provider: visit.params.provider ?? '' } });

const deeds: Deed[] = [
  {
    ...shared,
    path: '/people/:userId/sign-in/unlock',
    operation: 'users.unlock',
    words: 'console.people.unlock',
    effects: async () => [{ key: 'forgotten' }],
    notice: 'unlocked',
  },
  {
    ...shared,
    path: '/people/:userId/sign-in/factors',
    operation: 'users.factors.reset',
    words: 'console.people.reset_factors',
    effects: async () => [{ key: 'told' }, { key: 'waits' }, { key: 'anew' }],
    isDangerous: true,
    notice: 'factors_reset',
  },
  {
    ...shared,
    path: '/people/:userId/sign-in/passkeys/:passkeyId/remove',
    operation: 'users.passkeys.remove',
    words: 'console.people.remove_passkey',
    input: (visit) => ({ params: { ...personParams(visit), passkey_id: visit.params.passkeyId ?? '' } }),
    effects: async () => [{ key: 'signed_out' }, { key: 'gone' }],
    isDangerous: true,
    notice: 'way_removed',
  },
  {
    ...shared,
    path: '/people/:userId/sign-in/providers/:provider/remove',
    operation: 'users.identities.remove',
    words: 'console.people.remove_identity',
    input: identityOf,
    effects: async () => [{ key: 'signed_out' }, { key: 'gone' }],
    insist: {
      code: 'IDENTITY_LAST_WAY',
      path: (visit) => `${tab(visit)}/providers/${visit.params.provider}/remove-last`,
    },
    isDangerous: true,
    notice: 'way_removed',
  },
  {
    ...shared,
    path: '/people/:userId/sign-in/providers/:provider/remove-last',
    operation: 'users.identities.remove',
    words: 'console.people.remove_last_identity',
    input: (visit) => ({ ...identityOf(visit), query: { last_way: 'true' } }),
    effects: async () => [{ key: 'signed_out' }, { key: 'gone' }, { key: 'locked_out' }],
    isDangerous: true,
    notice: 'way_removed',
  },
];

/** Mounts the tab, and what is done there. */
export function mountWaysIn(router: Router, deps: ConsoleDependencies): void {
  router.get('/people/:userId/sign-in', page(deps, 'people', show));
  mountForm(router, deps, {
    path: '/people/:userId/sign-in/password',
    section: 'people',
    operation: 'users.set_password',
    words: 'console.people.set_password',
    fields: () => [{ name: 'password', kind: 'password' }],
    params: personParams,
    about: shared.subject,
    back: tab,
    notice: 'password_set',
  });
  mountForm(router, deps, {
    path: '/people/:userId/sign-in/recovery',
    section: 'people',
    operation: 'users.send_recovery',
    words: 'console.people.recovery',
    fields: () => [
      { name: 'channel', kind: 'select', options: [{ value: 'email' }, { value: 'sms' }, { value: 'whatsapp' }] },
    ],
    initial: () => ({ channel: 'email' }),
    params: personParams,
    about: shared.subject,
    back: tab,
    notice: 'recovery_sent',
  });
  mountForm(router, deps, {
    path: '/people/:userId/sign-in/providers/add',
    section: 'people',
    operation: 'users.identities.add',
    words: 'console.people.add_identity',
    fields: async (visit) => [
      {
        name: 'provider',
        kind: 'select',
        options: unlinked(await explain(visit)).map((key) => ({ value: key, label: key })),
      },
      { name: 'subject', kind: 'text', maxLength: 255, autocomplete: 'off' },
    ],
    params: personParams,
    about: shared.subject,
    back: tab,
    notice: 'way_added',
  });
  for (const deed of deeds) mountDeed(router, deps, deed);
}
