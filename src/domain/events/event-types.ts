/**
 * What whoever listens can be told: every type of event, what it is about and what it holds. Part of what others build on:
 * types and members are added, and none goes. `docs/webhooks.md` is made from it. Refuses personal data: an event holds ids
 * and names of things, never an address, a name of somebody, or a value of a profile.
 */

/** What the members of an event's data mean, wherever they stand. */
export const eventMembers = {
  access_scope: '`read` or `analyze`',
  api_key_id: 'the API key',
  assignment_id: 'the assignment of the role',
  capability: 'the key of the capability',
  change: '`created`, `updated` or `revoked`; of a capability of a role `added` or `removed`',
  changed: 'the names of what was changed, such as `email` or `full_name`; to be read by the API',
  client_id: 'the application, by its `client_id`',
  credential:
    '`password`, `passkey`, `totp`, `email`, `sms`, `security_key`, `recovery_codes`, `identity` (another provider), or `several`',
  ends_at: 'the first moment at which it no longer holds; null: until further notice',
  grant_id: 'the grant of visibility',
  invitation_id: 'the invitation',
  issuer: 'the issuer identifier of the server that it is at now',
  org_node_id: 'the place',
  reason:
    'why it ended: `expired` (by time), `revoked`, `removed`, `withdrawn` (before it began) or `signed_out` (by the person); of a stream `failing`',
  role_id: 'the role',
  session_id: 'the session',
  session_ids: 'the sessions that ended, 1,000 at the most',
  starts_at: 'from when on it holds',
  state: 'what the receiver gave to know it by',
  status: '`enabled`, `paused` or `disabled`',
  tenant_id: 'the tenant; in every event',
  user_id: 'the person',
  which: '`all` sessions of the person, or all `others` than the one that did it',
} as const;

export type EventMember = keyof typeof eventMembers;

export interface EventType {
  means: string;
  /** What kind of thing it is about; of one thing, events come in the order in which they happened. */
  subject: 'user' | 'role' | 'org_node' | 'api_key' | 'tenant' | 'receiver' | 'stream';
  data: readonly EventMember[];
}

const role = ['assignment_id', 'user_id', 'role_id', 'org_node_id', 'starts_at', 'ends_at'] as const;
const visibility = ['grant_id', 'user_id', 'org_node_id', 'access_scope', 'starts_at', 'ends_at'] as const;
const person = ['user_id'] as const;
const node = ['org_node_id'] as const;

export const eventTypes = {
  'session.ended': {
    means: 'A session ended: by signing out, by somebody who ended it, or by time',
    subject: 'user',
    data: ['user_id', 'session_id', 'reason'],
  },
  'sessions.ended': {
    means: 'Several sessions of a person ended at once',
    subject: 'user',
    data: ['user_id', 'which', 'session_ids'],
  },
  'credential.changed': {
    means: 'What a person signs in with was added, changed or taken away',
    subject: 'user',
    data: ['user_id', 'credential', 'change'],
  },
  'user.created': { means: 'A person was created', subject: 'user', data: person },
  'user.updated': { means: 'The profile of a person was changed', subject: 'user', data: ['user_id', 'changed'] },
  'user.activated': { means: 'A person may act again', subject: 'user', data: person },
  'user.deactivated': { means: 'A person may no longer act, and all they held ended', subject: 'user', data: person },
  'user.deleted': { means: 'A person was removed', subject: 'user', data: person },
  'user.erased': { means: 'What was known of a person was erased', subject: 'user', data: person },
  'invitation.accepted': {
    means: 'An invitation was accepted',
    subject: 'user',
    data: ['invitation_id', 'user_id', 'role_id', 'org_node_id'],
  },
  'consent.withdrawn': {
    means: 'A person took back what they had let an application do',
    subject: 'user',
    data: ['user_id', 'client_id'],
  },
  'role.assigned': {
    means: 'A person was given a role at a place, from now or from later on',
    subject: 'user',
    data: role,
  },
  'role.begun': { means: 'The beginning of a role that was given for later has come', subject: 'user', data: role },
  'role.rescheduled': { means: 'A role will begin or end at another time', subject: 'user', data: role },
  'role.ended': {
    means: 'A person holds a role at a place no longer',
    subject: 'user',
    data: [...role, 'reason'],
  },
  'visibility.granted': {
    means: 'A person may see a place, from now or from later on',
    subject: 'user',
    data: visibility,
  },
  'visibility.begun': { means: 'The beginning of a grant of visibility has come', subject: 'user', data: visibility },
  'visibility.rescheduled': {
    means: 'A grant of visibility will end at another time',
    subject: 'user',
    data: visibility,
  },
  'visibility.ended': {
    means: 'A person may see a place no longer',
    subject: 'user',
    data: [...visibility, 'reason'],
  },
  'role.changed': {
    means: 'A role carries a capability more or less, for everybody who holds it',
    subject: 'role',
    data: ['role_id', 'capability', 'change'],
  },
  'role.deleted': { means: 'A role was deleted', subject: 'role', data: ['role_id'] },
  'org_node.moved': {
    means: 'A place was moved: who holds something above it may have changed',
    subject: 'org_node',
    data: node,
  },
  'org_node.activated': { means: 'A place was switched on', subject: 'org_node', data: node },
  'org_node.deactivated': {
    means: 'A place was switched off: nobody holds anything there or below',
    subject: 'org_node',
    data: node,
  },
  'org_node.deleted': { means: 'A place was deleted', subject: 'org_node', data: node },
  'api_key.ended': {
    means: 'An API key is no longer good',
    subject: 'api_key',
    data: ['api_key_id', 'user_id', 'org_node_id', 'reason'],
  },
  'tenant.activated': { means: 'The tenant was let in again', subject: 'tenant', data: [] },
  'tenant.suspended': {
    means: 'The tenant was suspended: all its people and applications held has ended',
    subject: 'tenant',
    data: [],
  },
  'tenant.moved': {
    means:
      'The tenant is at another server from now on, and closed at this one: all its people and applications held has ended',
    subject: 'tenant',
    data: ['issuer'],
  },
  verification: { means: 'Nothing happened: a stream asked to be sent an event', subject: 'receiver', data: ['state'] },
  'stream.updated': {
    means: 'A stream of security events goes on, waits or has ended, and its receiver did not ask for it',
    subject: 'stream',
    data: ['status', 'reason'],
  },
  ping: { means: 'Nothing happened: somebody tries whether you listen', subject: 'receiver', data: [] },
} as const satisfies Record<string, EventType>;

export type EventTypeName = keyof typeof eventTypes;

/** Those that a receiver may choose; the others go to one receiver alone. */
export const choosableTypes = (Object.keys(eventTypes) as EventTypeName[]).filter(
  (name) => !['receiver', 'stream'].includes(eventTypes[name].subject),
);
