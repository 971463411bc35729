/**
 * Which of our events stand for which events of the Shared Signals Framework, and what a security event token says of one
 * (RFC 8417; OpenID CAEP 1.0, RISC 1.0, SSF 1.0). Pure. Holds ids alone, as the events themselves do.
 */
import type { EventTypeName } from '../events/event-types.ts';

const caep = (name: string) => `https://schemas.openid.net/secevent/caep/event-type/${name}`;
const risc = (name: string) => `https://schemas.openid.net/secevent/risc/event-type/${name}`;
const updatedEvent = 'https://schemas.openid.net/secevent/ssf/event-type/stream-updated';
export const verificationEvent = 'https://schemas.openid.net/secevent/ssf/event-type/verification';

/** What may be asked for, and what of ours each stands for. */
export const securityEvents: Readonly<Record<string, readonly EventTypeName[]>> = {
  [caep('session-revoked')]: ['session.ended', 'sessions.ended'],
  [caep('token-claims-change')]: [
    'role.assigned',
    'role.begun',
    'role.rescheduled',
    'role.ended',
    'visibility.granted',
    'visibility.begun',
    'visibility.rescheduled',
    'visibility.ended',
    'role.changed',
    'role.deleted',
    'org_node.moved',
    'org_node.activated',
    'org_node.deactivated',
    'org_node.deleted',
    'user.updated',
  ],
  [caep('credential-change')]: ['credential.changed'],
  [risc('account-disabled')]: ['user.deactivated'],
  [risc('account-enabled')]: ['user.activated'],
  [risc('account-purged')]: ['user.deleted', 'user.erased'],
};

export const securityEventUris = Object.keys(securityEvents);

/** Those of what was asked for that are delivered: an event that is not known is no error (SSF 1.0 section 8.1.1). */
export function deliveredEvents(requested: readonly string[]): string[] {
  return securityEventUris.filter((uri) => requested.includes(uri));
}

/** Our types for them. Never empty, which would mean all. */
export function typesOf(uris: readonly string[]): EventTypeName[] {
  return ['verification', ...uris.flatMap((uri) => securityEvents[uri] ?? [])];
}

type Data = Record<string, unknown>;

interface Told {
  type: EventTypeName;
  tenantId: string;
  data: Data;
  occurredAt: Date;
}

const credentialTypes: Record<string, string> = {
  passkey: 'fido2-platform',
  security_key: 'fido2-roaming',
  sms: 'phone-sms',
  totp: 'app',
};
const credentialChanges: Record<string, string> = { created: 'create', updated: 'update', revoked: 'revoke' };

function specifics({ type, data }: Told, uri: string): Data {
  if (uri === caep('credential-change'))
    return {
      credential_type: credentialTypes[String(data.credential)] ?? data.credential,
      change_type: credentialChanges[String(data.change)] ?? data.change,
    };
  // The values are read anew by who needs them: what is told is what changed, under the name of our event.
  if (uri === caep('token-claims-change')) return { claims: { [type]: data } };
  return {};
}

const opaque = (id: unknown) => ({ format: 'opaque', id });

/** Whom or what an event is about (RFC 9493; SSF 1.0 section 3). */
function subjectOf({ type, tenantId, data }: Told, { issuer, streamId }: Surroundings): Data {
  if (type === 'verification' || type === 'stream.updated') return opaque(streamId);
  const user = { format: 'iss_sub', iss: issuer, sub: data.user_id };
  const tenant = opaque(tenantId);
  if (data.session_id !== undefined && data.user_id !== undefined)
    return { format: 'complex', user, session: opaque(data.session_id), tenant };
  if (data.user_id !== undefined) return user;
  if (data.role_id !== undefined) return { format: 'complex', tenant, group: opaque(data.role_id) };
  if (data.org_node_id !== undefined) return { format: 'complex', tenant, org_unit: opaque(data.org_node_id) };
  return { format: 'complex', tenant };
}

interface Surroundings {
  issuer: string;
  streamId: string;
  audience: string;
}

/**
 * The claims of the token, without `iat`. Undefined for an event that no event of the framework stands for. No `exp` and no `sub`
 * (SSF 1.0 section 4.1): nobody takes it for a token of a person.
 * @param told.eventId the `jti`: the same however often it is sent
 */
export function claimsOf(told: Told & { eventId: string }, surroundings: Surroundings): Data | undefined {
  const { eventId, type, data, occurredAt } = told;
  const common = { iss: surroundings.issuer, jti: eventId, aud: surroundings.audience };
  const subject = { sub_id: subjectOf(told, surroundings) };
  if (type === 'verification') return { ...common, ...subject, events: { [verificationEvent]: { ...data } } };
  if (type === 'stream.updated') return { ...common, ...subject, events: { [updatedEvent]: { ...data } } };
  const uri = securityEventUris.find((one) => securityEvents[one]?.includes(type));
  if (uri === undefined) return undefined;
  const event = { event_timestamp: Math.floor(occurredAt.getTime() / 1000), ...specifics(told, uri) };
  return { ...common, ...subject, events: { [uri]: event } };
}
