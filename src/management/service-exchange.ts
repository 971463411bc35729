/** Operations on what a service may get for people by token exchange (RFC 8693). */
import { z } from 'zod';
import {
  addExchangeCapability,
  findExchangeCapabilities,
  removeExchangeCapability,
} from '../domain/clients/exchange-capabilities.ts';
import { clientIn, findIn, type Named, named } from './client-answers.ts';
import { type Lookup, operation } from './operation.ts';
import { capabilityKey } from './shapes.ts';

const ExchangeCapabilities = z
  .object({
    items: z.array(
      z.object({
        capability: capabilityKey,
        resource: z.string().meta({ description: 'The identifier of its API' }),
      }),
    ),
  })
  .meta({ id: 'ExchangeCapabilities' });
const ofCapability = named.extend({ capability: capabilityKey });

const isShared = async (input: Named, lookup: Lookup) => (await findIn(lookup, input, 'service'))?.tenantId === null;
const needs = { capability: 'services.manage', at: 'root', server: isShared } as const;

export const serviceExchange = [
  operation({
    id: 'services.exchange_capabilities.list',
    method: 'GET',
    path: '/services/{client_id}/exchange-capabilities',
    summary: 'List what a service may get for people by token exchange',
    needs: { capability: 'services.manage', at: 'root' },
    params: named,
    answer: ExchangeCapabilities,
    run: async (run) => {
      const { clientId } = await clientIn(run, run, 'service');
      const found = await findExchangeCapabilities(run.db, clientId);
      return { items: found.map(({ key, identifier }) => ({ capability: key, resource: identifier })) };
    },
  }),
  operation({
    id: 'services.exchange_capabilities.add',
    method: 'PUT',
    path: '/services/{client_id}/exchange-capabilities/{capability}',
    summary: 'Let a service get a capability for people by token exchange',
    description: 'Its API has to take exchanged tokens as well (`token_exchange` of the API).',
    needs: { ...needs, grants: ({ params }) => [params.capability] },
    params: ofCapability,
    errors: ['INVALID_INPUT', 'PRIVILEGE_EXCEEDED'],
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      await addExchangeCapability(db, { clientId, capability: params.capability }, actor.caller);
      return undefined;
    },
  }),
  operation({
    id: 'services.exchange_capabilities.remove',
    method: 'DELETE',
    path: '/services/{client_id}/exchange-capabilities/{capability}',
    summary: 'Let a service get a capability for people no longer',
    description: 'Tokens that it has keep it until they end.',
    needs,
    params: ofCapability,
    run: async ({ db, params, actor, tenantId }) => {
      const { clientId } = await clientIn({ db, actor, tenantId }, { params }, 'service');
      await removeExchangeCapability(db, { clientId, capability: params.capability }, actor.caller);
      return undefined;
    },
  }),
];
