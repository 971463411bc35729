/**
 * Which actions of the trail are told to whoever listens, as which event, and what of the payload goes into it. What is not
 * here is told to nobody. Ends by time have no action: `lifecycle/ends-by-time.ts` tells of them.
 */
import type { EventTypeName } from '../events/event-types.ts';
import { beginKey, endKey, type OutboxEvent } from '../events/outbox.ts';
import type { AuditEvent } from './audit-events.ts';

interface Told {
  type: EventTypeName;
  subjectId: unknown;
  data: Record<string, unknown>;
  onceKey?: string;
}
type Telling = (id: string, payload: Record<string, unknown>) => Told;

/** Of a person, who is the entity. */
function ofPerson(
  type: EventTypeName,
  data: (payload: Record<string, unknown>) => Record<string, unknown> = () => ({}),
): Telling {
  return (id, payload) => ({ type, subjectId: id, data: { user_id: id, ...data(payload) } });
}

/** @param credential none: the kind of the payload */
function ofCredential(change: 'created' | 'updated' | 'revoked', credential?: string): Telling {
  return ofPerson('credential.changed', ({ kind }) => ({ credential: credential ?? kind, change }));
}

function ofNode(type: EventTypeName): Telling {
  return (id) => ({ type, subjectId: id, data: { org_node_id: id } });
}

function sessions(which: 'all' | 'others'): Telling {
  return ofPerson('sessions.ended', ({ sessionIds }) => ({ which, session_ids: sessionIds }));
}

const moment = (value: unknown) => (value instanceof Date ? value : undefined);

const heldAs = {
  role: (id: string, { userId, roleId, orgNodeId }: Record<string, unknown>) => ({
    assignment_id: id,
    user_id: userId,
    role_id: roleId,
    org_node_id: orgNodeId,
  }),
  visibility: (id: string, { userId, orgNodeId, accessScope }: Record<string, unknown>) => ({
    grant_id: id,
    user_id: userId,
    org_node_id: orgNodeId,
    access_scope: accessScope,
  }),
};

function held(kind: 'role' | 'visibility', type: EventTypeName): Telling {
  return (id, payload) => {
    const { startsAt, endsAt } = { ...payload, ...(payload.to as object) } as Record<string, unknown>;
    const data = { ...heldAs[kind](id, payload), starts_at: startsAt, ends_at: endsAt ?? null };
    return { type, subjectId: payload.userId, data };
  };
}

/** What begins sooner than that begins when it is given, and is told of once. */
const atOnceMs = 2_000;

function given(kind: 'role' | 'visibility', type: EventTypeName): Telling {
  return (id, payload) => {
    const startsAt = moment(payload.startsAt);
    const isNow = startsAt !== undefined && startsAt.getTime() <= Date.now() + atOnceMs;
    return { ...held(kind, type)(id, payload), ...(isNow && { onceKey: beginKey(id, startsAt) }) };
  };
}

/** One that ends later on is rescheduled; the end itself is told when it comes. */
function ended(kind: 'role' | 'visibility'): Telling {
  return (id, payload) => {
    const endsAt = moment(payload.endsAt);
    if (endsAt && endsAt.getTime() > Date.now()) return held(kind, `${kind}.rescheduled`)(id, payload);
    const told = held(kind, `${kind}.ended`)(id, payload);
    const reason = payload.withdrawn ? 'withdrawn' : 'removed';
    return { ...told, data: { ...told.data, reason }, ...(endsAt && { onceKey: endKey(id, endsAt) }) };
  };
}

function ofRole(change: 'added' | 'removed'): Telling {
  return (id, { capability }) => ({ type: 'role.changed', subjectId: id, data: { role_id: id, capability, change } });
}

export const toldActions: Readonly<Record<string, Telling>> = {
  'session.ended': ofPerson('session.ended', ({ sessionId }) => ({ session_id: sessionId, reason: 'signed_out' })),
  'session.revoked': ofPerson('session.ended', ({ sessionId }) => ({ session_id: sessionId, reason: 'revoked' })),
  'session.others_revoked': sessions('others'),
  'session.all_revoked': sessions('all'),
  'password.changed': ofCredential('updated', 'password'),
  'password.recovered': ofCredential('updated', 'password'),
  'credentials.removed': ofCredential('revoked', 'several'),
  'identity.linked': ofCredential('created', 'identity'),
  'identity.unlinked': ofCredential('revoked', 'identity'),
  'passkey.added': ofCredential('created', 'passkey'),
  'passkey.removed': ofCredential('revoked', 'passkey'),
  'factor.enrolled': ofCredential('created'),
  'factor.removed': ofCredential('revoked'),
  'factors.reset': ofCredential('revoked', 'several'),
  'recovery_codes.renewed': ofCredential('updated', 'recovery_codes'),
  'account.secured': ofCredential('revoked', 'several'),
  'user.created': ofPerson('user.created'),
  'user.activated': ofPerson('user.activated'),
  'user.deactivated': ofPerson('user.deactivated'),
  'user.deleted': ofPerson('user.deleted'),
  'user.erased': ofPerson('user.erased'),
  'profile.updated': ofPerson('user.updated', ({ changed }) => ({ changed: snakeCases(changed) })),
  'settings.updated': ofPerson('user.updated', ({ changed }) => ({ changed: snakeCases(changed) })),
  'address.verified': ofPerson('user.updated', ({ kind }) => ({ changed: [`${kind}_verified`] })),
  'grant.withdrawn': ofPerson('consent.withdrawn', ({ clientId }) => ({ client_id: clientId })),
  'invitation.accepted': (id, { userId, roleId, orgNodeId }) => ({
    type: 'invitation.accepted',
    subjectId: userId,
    data: { invitation_id: id, user_id: userId, role_id: roleId, org_node_id: orgNodeId },
  }),
  'role.assigned': given('role', 'role.assigned'),
  'role.rescheduled': held('role', 'role.rescheduled'),
  'role.removed': ended('role'),
  'visibility.granted': given('visibility', 'visibility.granted'),
  'visibility.ended': ended('visibility'),
  'role.capability_granted': ofRole('added'),
  'role.capability_revoked': ofRole('removed'),
  'role.deleted': (id) => ({ type: 'role.deleted', subjectId: id, data: { role_id: id } }),
  'org_node.moved': ofNode('org_node.moved'),
  'org_node.activated': ofNode('org_node.activated'),
  'org_node.deactivated': ofNode('org_node.deactivated'),
  'org_node.deleted': ofNode('org_node.deleted'),
  'api_key.revoked': (id, { userId, orgNodeId }) => ({
    type: 'api_key.ended',
    subjectId: id,
    data: { api_key_id: id, user_id: userId ?? null, org_node_id: orgNodeId, reason: 'revoked' },
  }),
  'tenant.activated': (id) => ({ type: 'tenant.activated', subjectId: id, data: {} }),
  'tenant.suspended': (id) => ({ type: 'tenant.suspended', subjectId: id, data: {} }),
  'tenant.moved': (id, { issuer }) => ({ type: 'tenant.moved', subjectId: id, data: { issuer } }),
};

function snakeCases(names: unknown): string[] {
  const list = Array.isArray(names) ? (names as string[]) : [];
  return list.map((name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`));
}

/** What is told of an event of the trail; undefined: nothing. */
export function toldOf({ tenantId, action, entityId, payload = {}, told = {} }: AuditEvent): OutboxEvent | undefined {
  const telling = Object.hasOwn(toldActions, action) ? toldActions[action] : undefined;
  if (!telling || !tenantId || !entityId) return undefined;
  const { type, subjectId, data, onceKey } = telling(entityId, { ...payload, ...told });
  return { tenantId, type, subjectId: String(subjectId), data, onceKey };
}
