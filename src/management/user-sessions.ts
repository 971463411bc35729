/** Operations on what is signed in: sign-ins of people, and tokens of services. */
import { z } from 'zod';
import { findSessionOwner, listServiceSessions, listSessions } from '../domain/sessions/list-sessions.ts';
import { revokeAllSessions, revokeServiceSession, revokeSession } from '../domain/sessions/sessions.ts';
import { serviceRecordHashes } from '../oidc/storage/jwt-record-ids.ts';
import { DomainError } from '../platform/errors.ts';
import { type Lookup, operation } from './operation.ts';
import { named, personParams } from './person.ts';
import { id, pageQuery, text, time } from './shapes.ts';

const Session = z
  .object({
    id,
    user_id: id,
    user_agent: z.string().nullable(),
    ip: z.string().nullable(),
    amr: z.array(z.string()).meta({ description: 'How the person proved themselves (RFC 8176)' }),
    acr: z.string().nullable(),
    login_at: time,
    last_seen_at: time,
    expires_at: time,
    clients: z.array(z.string()).meta({ description: 'The applications that it led to, by client_id' }),
  })
  .meta({ id: 'Session' });

const ServiceSession = z
  .object({
    id,
    client_id: z.string(),
    ip: z.string().nullable(),
    created_at: time,
    expires_at: time,
  })
  .meta({ id: 'ServiceSession' });

const ofSession = z.strictObject({ session_id: id });
const ofServiceSession = z.strictObject({ service_session_id: id });

const owner = ({ params }: { params: { session_id: string } }, { db, tenantId }: Lookup) =>
  findSessionOwner(db, { tenantId, sessionId: params.session_id });

export const sessions = [
  operation({
    id: 'sessions.list',
    method: 'GET',
    path: '/users/{user_id}/sessions',
    summary: 'List where a person is signed in',
    needs: { capability: 'sessions.manage', person: named, to: 'read' },
    params: personParams,
    query: pageQuery,
    list: true,
    answer: Session,
    run: ({ db, tenantId, params, query }) => listSessions(db, { tenantId, userId: params.user_id, ...query }),
  }),
  operation({
    id: 'sessions.end',
    method: 'DELETE',
    path: '/sessions/{session_id}',
    summary: 'Sign a person out of one session',
    description: 'The tokens and codes that it led to end with it, and the applications are told.',
    needs: { capability: 'sessions.manage', person: owner, to: 'change' },
    params: ofSession,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      const userId = await findSessionOwner(db, { tenantId, sessionId: params.session_id });
      if (userId === undefined) throw new DomainError('not_found', 'NOT_FOUND');
      await revokeSession(db, { tenantId, userId, sessionId: params.session_id }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'sessions.end_all',
    method: 'DELETE',
    path: '/users/{user_id}/sessions',
    summary: 'Sign a person out everywhere',
    description: 'Every session, grant, token and code of theirs ends.',
    needs: { capability: 'sessions.manage', person: named, to: 'change' },
    params: personParams,
    errors: ['PRIVILEGE_EXCEEDED'],
    run: async ({ db, tenantId, params, actor }) => {
      await revokeAllSessions(db, { tenantId, userId: params.user_id }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'service_sessions.list',
    method: 'GET',
    path: '/service-sessions',
    summary: 'List the live tokens of services',
    needs: { capability: 'sessions.manage', at: 'root' },
    query: pageQuery.extend({ client_id: text(255).optional() }),
    list: true,
    answer: ServiceSession,
    run: ({ db, tenantId, query: { client_id: clientId, ...page } }) =>
      listServiceSessions(db, { tenantId, clientId, ...page }),
  }),
  operation({
    id: 'service_sessions.end',
    method: 'DELETE',
    path: '/service-sessions/{service_session_id}',
    summary: 'End a token of a service',
    description: 'The service may ask for another; disable or delete the service to stop it.',
    needs: { capability: 'sessions.manage', at: 'root' },
    params: ofServiceSession,
    run: async ({ db, tenantId, params, actor }) => {
      const wanted = { tenantId, serviceSessionId: params.service_session_id, hashesOf: serviceRecordHashes };
      await revokeServiceSession(db, wanted, actor.caller);
      return undefined;
    },
  }),
];
