/** The section Invitations: who was invited to what, making one, sending it again and withdrawing it. */
import type Router from '@koa/router';
import { ask, askList, mayAsk } from '../ask.ts';
import { mountDeed } from '../deed.ts';
import type { FieldSpec } from '../fields.ts';
import { mountForm } from '../form.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, type ListSpec, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';

type State = 'open' | 'expired' | 'accepted' | 'revoked';

interface Invitation {
  id: string;
  email: string | null;
  phone: string | null;
  state: State;
  sent_count: number;
  sent_at: string;
  expires_at: string;
  accepted_at: string | null;
  revoked_at: string | null;
  created_at: string;
  role_id: string;
  role: string;
  org_node_id: string;
  org_node: string;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/invitations/list': {
      frame: ConsoleFrame;
      list: ListModel<Invitation & { href: string }>;
      createHref?: string;
    };
    'console/invitations/invitation': {
      frame: ConsoleFrame;
      invitation: Invitation;
      backHref: string;
      roleHref?: string;
      placeHref?: string;
      resendHref?: string;
      revokeHref?: string;
    };
  }
}

const spec: ListSpec = {
  path: '/invitations',
  operation: 'invitations.list',
  words: 'console.invitations',
  filters: [{ name: 'state', values: ['open', 'expired', 'accepted', 'revoked'] }],
  placeAs: 'under',
};

const params = ({ params: { invitationId = '' } }: Visit) => ({ invitation_id: invitationId });
const pathOf = ({ params: { invitationId = '' } }: Visit) => `/invitations/${invitationId}`;
const addressOf = ({ email, phone }: Pick<Invitation, 'email' | 'phone'>) => email ?? phone ?? '';

async function read(visit: Visit): Promise<Invitation> {
  return (await ask<Invitation>(visit, 'invitations.get', { params: params(visit) })).body;
}

const subject = async (visit: Visit) => addressOf(await read(visit));

async function showList(visit: Visit): Promise<void> {
  const list = await readList<Invitation>(visit, spec);
  if (!list) return;
  const items = list.items.map((one) => ({ ...one, href: hrefTo(visit, `/invitations/${one.id}`) }));
  // An invitation begins with the place, where none is looked at yet.
  const made = hrefTo(visit, '/invitations/new');
  const mayChoose = visit.holdings.nodesOf('org.read').length > 0;
  const createHref = visit.at ? made : mayChoose ? hrefTo(visit, '/place', { back: made }) : undefined;
  draw(visit, 'console/invitations/list', { list: { ...list, items }, createHref });
}

async function show(visit: Visit): Promise<void> {
  const invitation = await read(visit);
  const isWaiting = invitation.state === 'open' || invitation.state === 'expired';
  const may = async (operation: string) => isWaiting && (await mayAsk(visit, operation, { params: params(visit) }));
  const { role_id: roleId, org_node_id: nodeId } = invitation;
  const seesRoles = visit.holdings.nodesOf('roles.read').length > 0;
  const seesPlace = await mayAsk(visit, 'org_nodes.get', { params: { org_node_id: nodeId } });
  draw(visit, 'console/invitations/invitation', {
    invitation,
    backHref: hrefTo(visit, '/invitations'),
    roleHref: seesRoles ? hrefTo(visit, `/roles/${roleId}`) : undefined,
    placeHref: seesPlace ? hrefTo(visit, `/organisation/${nodeId}`) : undefined,
    resendHref: (await may('invitations.resend')) ? hrefTo(visit, `${pathOf(visit)}/resend`) : undefined,
    revokeHref: (await may('invitations.revoke')) ? hrefTo(visit, `${pathOf(visit)}/revoke`) : undefined,
  });
}

const sending: FieldSpec[] = [
  { name: 'expires_at', kind: 'moment', optional: true },
  { name: 'locale', kind: 'select', options: [{ value: 'en' }, { value: 'fr' }] },
];

async function newFields(visit: Visit): Promise<FieldSpec[]> {
  const seesRoles = visit.holdings.nodesOf('roles.read').length > 0;
  const query = { limit: 200 };
  const roles = seesRoles ? await askList<{ id: string; name: string }>(visit, 'roles.list', { query }) : { items: [] };
  // Nothing is chosen beforehand: the first of the list may be the mightiest.
  const options = [{ value: '' }, ...roles.items.map(({ id, name }) => ({ value: id, label: name }))];
  return [
    { name: 'email', kind: 'email', optional: true, maxLength: 320, autocomplete: 'off' },
    { name: 'phone', kind: 'tel', optional: true, maxLength: 40, autocomplete: 'off' },
    { name: 'role_id', kind: 'select', options },
    ...sending,
  ];
}

/** Mounts `/invitations` and everything below it. */
export function mountInvitations(router: Router, deps: ConsoleDependencies): void {
  router.get('/invitations', page(deps, 'invitations', showList));
  mountForm(router, deps, {
    path: '/invitations/new',
    section: 'invitations',
    operation: 'invitations.create',
    words: 'console.invitations.create',
    fields: newFields,
    about: async ({ at }) => at?.name ?? '',
    complete: (body, { at }) => ({ ...body, org_node_id: at?.id }),
    back: () => '/invitations',
    after: (visit, { id }) => hrefTo(visit, `/invitations/${id}`),
    notice: 'sent',
  });
  router.get('/invitations/:invitationId', page(deps, 'invitations', show));
  mountForm(router, deps, {
    path: '/invitations/:invitationId/resend',
    section: 'invitations',
    operation: 'invitations.resend',
    words: 'console.invitations.resend',
    fields: () => sending,
    params,
    about: subject,
    back: pathOf,
    notice: 'sent',
  });
  mountDeed(router, deps, {
    path: '/invitations/:invitationId/revoke',
    section: 'invitations',
    operation: 'invitations.revoke',
    words: 'console.invitations.revoke',
    input: (visit) => ({ params: params(visit) }),
    subject,
    effects: async () => [{ key: 'link' }, { key: 'record' }],
    isDangerous: true,
    back: pathOf,
    notice: 'revoked',
  });
}
