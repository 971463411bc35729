/**
 * What the one who imports may do for each row, asked of domain/access/authorise.ts for many rows at once: what `users.create`
 * asks for a new person, and `assignments.create` and `users.update` for one who is there.
 */
import { holdsAtRoot, mayBecome, mayGiveRoles, nodesWhere, reachesPerson } from '../domain/access/authorise.ts';
import { findStandingIn } from '../domain/access/standing-of-actor.ts';
import type { ImportDependencies, Judgement, RoleOfRow } from '../domain/imports/import-batch.ts';
import { findLiveNodeIds } from '../domain/organisation/org-nodes.ts';
import { DomainError } from '../platform/errors.ts';
import type { Actor } from './actor.ts';
import { allowsScope } from './permission.ts';

const [manages, assigns] = ['users.manage', 'roles.assign'];

export function judgeOfImport({ tenantId, actor }: { tenantId: string; actor: Actor }): ImportDependencies['judge'] {
  return async (trx, asked) => {
    const standing = await findStandingIn(trx, tenantId, { of: actor.standingOf, homeId: actor.tenantId });
    if (!standing) throw new Error('who imports has no standing in the tenant any more');
    const everywhere = holdsAtRoot(standing, manages);
    const roles = asked.flatMap((row) => row.roles);
    const nodeIds = roles.map(({ orgNodeId }) => orgNodeId);
    const live = await findLiveNodeIds(trx, { tenantId, nodeIds });
    const managed = await nodesWhere(trx, standing, manages, nodeIds);
    const assignable = await nodesWhere(trx, standing, assigns, nodeIds);
    const mayGive = await mayGiveRoles(trx, standing, roles);
    const given = new Map(roles.map((role, index) => [role, mayGive[index] === true]));

    const refusedRole = (role: RoleOfRow, isNew: boolean): DomainError | undefined => {
      const isThere = live.has(role.orgNodeId) && (isNew ? managed : assignable).has(role.orgNodeId);
      if (!isThere) return new DomainError('not_found', 'NOT_FOUND');
      if (!allowsScope(actor, assigns) || !assignable.has(role.orgNodeId)) return forbidden(assigns);
      return given.get(role) ? undefined : new DomainError('forbidden', 'PRIVILEGE_EXCEEDED');
    };
    const judgements: Judgement[] = [];
    for (const { userId, roles: own } of asked) {
      const isNew = userId === undefined;
      const isHomeless = isNew && own.length === 0 && !everywhere;
      const refusal = isHomeless
        ? forbidden(manages)
        : own.map((role) => refusedRole(role, isNew)).find((error) => error !== undefined);
      const reaches = async (to: 'read' | 'change') =>
        !isNew && (await reachesPerson(trx, standing, { capability: manages, userId, to }));
      judgements.push({
        refusal,
        reads: everywhere || (await reaches('read')),
        mayFill: () => reaches('change'),
        mayGiveCredentials: async () => !isNew && (await reaches('change')) && mayBecome(trx, standing, userId),
      });
    }
    return judgements;
  };
}

const forbidden = (capability: string) => new DomainError('forbidden', 'FORBIDDEN', { capability });
