/** Who is a member of a company; and the choice of a person, who joins it or is given a role at a node. */
import type Router from '@koa/router';
import { type Deed, mountDeed } from '../deed.ts';
import type { ConsoleFrame } from '../frame.ts';
import { type ListModel, readList } from '../list.ts';
import { draw, page } from '../page.ts';
import { type ConsoleDependencies, hrefTo, type Visit } from '../visit.ts';
import { headOf, type NodeHead, nodePath, readNode } from './node.ts';

interface Member {
  user_id: string;
  full_name: string | null;
  joined_at: string;
  left_at: string | null;
  active: boolean;
}

interface Chosen {
  id: string;
  full_name: string | null;
  email: string | null;
  phone: string | null;
  username: string | null;
}

declare module '../../pages/view-models.ts' {
  interface ViewModels {
    'console/organisation/members': {
      frame: ConsoleFrame;
      head: NodeHead;
      list: ListModel<Member & { personHref: string; leaveHref?: string }>;
      joinHref?: string;
    };
    'console/organisation/choose-person': {
      frame: ConsoleFrame;
      head: NodeHead;
      list: ListModel<Chosen & { href: string }>;
      backHref: string;
    };
  }
}

const membersPath = (visit: Visit) => `${nodePath(visit)}/members`;

async function showMembers(visit: Visit): Promise<void> {
  const { node } = await readNode(visit);
  const list = await readList<Member>(
    { ...visit, at: undefined },
    {
      path: membersPath(visit),
      operation: 'companies.members.list',
      words: 'console.organisation.members',
      params: { company_id: node.id },
    },
  );
  if (!list) return;
  const mayAssign = visit.holdings.nodesOf('roles.assign').length > 0;
  const items = list.items.map((member) => ({
    ...member,
    personHref: hrefTo(visit, `/people/${member.user_id}`),
    leaveHref:
      mayAssign && member.left_at === null ? hrefTo(visit, `${membersPath(visit)}/${member.user_id}/leave`) : undefined,
  }));
  draw(visit, 'console/organisation/members', {
    head: await headOf(visit, node, 'members'),
    list: { ...list, items },
    joinHref: mayAssign ? hrefTo(visit, `${membersPath(visit)}/join`) : undefined,
  });
}

/** A person is chosen; what comes next is at the address that their row leads to. */
function choosePerson(words: string, path: string, next: (visit: Visit, userId: string) => string) {
  return async (visit: Visit): Promise<void> => {
    const { node } = await readNode(visit);
    const list = await readList<Chosen>(
      { ...visit, at: undefined },
      { path: `${nodePath(visit)}/${path}`, operation: 'users.list', words, search: true, fixed: { state: 'active' } },
    );
    if (!list) return;
    draw(visit, 'console/organisation/choose-person', {
      head: await headOf(visit, node, 'holders'),
      list: { ...list, items: list.items.map((person) => ({ ...person, href: next(visit, person.id) })) },
      backHref: hrefTo(visit, nodePath(visit)),
    });
  };
}

const memberOf = ({ params }: Visit) => ({ company_id: params.nodeId ?? '', user_id: params.userId ?? '' });

const deeds: Deed[] = [
  {
    section: 'organisation',
    path: '/organisation/:nodeId/members/join/:userId',
    operation: 'companies.members.join',
    words: 'console.organisation.join',
    input: (visit) => ({ params: { company_id: visit.params.nodeId ?? '' }, body: { user_id: visit.params.userId } }),
    subject: async (visit) => (await readNode(visit)).node.name,
    effects: async () => [{ key: 'member' }],
    back: membersPath,
    notice: 'joined',
  },
  {
    section: 'organisation',
    path: '/organisation/:nodeId/members/:userId/leave',
    operation: 'companies.members.leave',
    words: 'console.organisation.leave',
    input: (visit) => ({ params: memberOf(visit) }),
    subject: async (visit) => (await readNode(visit)).node.name,
    effects: async () => [{ key: 'roles' }, { key: 'record' }],
    isDangerous: true,
    back: membersPath,
    notice: 'left',
  },
];

/** Mounts the members of a company, and the choices of a person. */
export function mountMembers(router: Router, deps: ConsoleDependencies): void {
  const join = choosePerson('console.organisation.choose_member', 'members/join', (visit, userId) =>
    hrefTo(visit, `${membersPath(visit)}/join/${userId}`),
  );
  const give = choosePerson('console.organisation.choose_holder', 'give', (visit, userId) =>
    hrefTo(visit, `/people/${userId}/access/give`, { at: visit.params.nodeId }),
  );
  router.get('/organisation/:nodeId/members', page(deps, 'organisation', showMembers));
  router.get('/organisation/:nodeId/members/join', page(deps, 'organisation', join));
  router.get('/organisation/:nodeId/give', page(deps, 'organisation', give));
  for (const deed of deeds) mountDeed(router, deps, deed);
}
