/** Operations on the servers for which an application may get assertions about its people (cross-app access). */
import { z } from 'zod';
import {
  addCrossAppAudience,
  findCrossAppAudiences,
  removeCrossAppAudience,
} from '../domain/clients/cross-app-audiences.ts';
import { DomainError } from '../platform/errors.ts';
import { clientIn, findIn, type Named, named } from './client-answers.ts';
import { type Lookup, operation } from './operation.ts';
import { id, text, time } from './shapes.ts';

const members = {
  audience: text(500).meta({ description: 'The issuer of the other server, letter by letter' }),
  audience_client_id: text(255).meta({ description: 'The `client_id` of the application there' }),
  scopes: z.array(text(100)).min(1).max(50).meta({ description: 'What it may ask for there at the most' }),
};
const CrossAppAudience = z.object({ id, ...members, created_at: time }).meta({ id: 'CrossAppAudience' });
const CrossAppAudiences = z.object({ items: z.array(CrossAppAudience) }).meta({ id: 'CrossAppAudiences' });

const isShared = async (input: Named, lookup: Lookup) =>
  (await findIn(lookup, input, 'application'))?.tenantId === null;
const needs = { capability: 'clients.manage', at: 'root', server: isShared } as const;

export const crossAppAudiences = [
  operation({
    id: 'clients.cross_app.list',
    method: 'GET',
    path: '/clients/{client_id}/cross-app-audiences',
    summary: 'List the servers for which an application may get assertions about its people',
    needs: { capability: 'clients.manage', at: 'root' },
    params: named,
    answer: CrossAppAudiences,
    run: async (run) => {
      const { clientId } = await clientIn(run, run, 'application');
      return { items: await findCrossAppAudiences(run.db, clientId) };
    },
  }),
  operation({
    id: 'clients.cross_app.add',
    method: 'POST',
    path: '/clients/{client_id}/cross-app-audiences',
    summary: 'Let an application get assertions for another server',
    description:
      'Of an application that proves itself. Whoever is signed in to it is vouched for there (docs/cross-app-access.md).',
    needs,
    params: named,
    body: z.strictObject(members),
    answer: CrossAppAudience,
    errors: ['DUPLICATE', 'INVALID_INPUT'],
    idempotent: true,
    run: async ({ db, params, body, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'application');
      const { audience, audience_client_id: audienceClientId, scopes } = body;
      const made = await addCrossAppAudience(db, clientId, { audience, audienceClientId, scopes }, actor.caller);
      const found = (await findCrossAppAudiences(db, clientId)).find((one) => one.id === made);
      if (!found) throw new DomainError('not_found', 'NOT_FOUND');
      return found;
    },
  }),
  operation({
    id: 'clients.cross_app.remove',
    method: 'DELETE',
    path: '/clients/{client_id}/cross-app-audiences/{cross_app_audience_id}',
    summary: 'Let an application get assertions for another server no longer',
    description: 'What it has been given is good for two minutes at the most.',
    needs,
    params: named.extend({ cross_app_audience_id: id }),
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'application');
      await removeCrossAppAudience(db, { clientId, audienceId: params.cross_app_audience_id }, actor.caller);
      return undefined;
    },
  }),
];
