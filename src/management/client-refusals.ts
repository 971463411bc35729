/** Operations that answer why an application or a service is refused: what it sent, and what is registered of it. */
import { z } from 'zod';
import { findRefusalsOfClient } from '../domain/audit/refusals-of-client.ts';
import { compareRedirect } from '../domain/clients/compare-redirects.ts';
import { listRedirectMistakes } from '../domain/clients/redirect-mistakes.ts';
import { clientIn, named } from './client-answers.ts';
import { operation } from './operation.ts';
import { time } from './shapes.ts';

const Refusals = z
  .object({
    redirect_uris: z
      .array(
        z.object({
          sent: z.string().meta({
            description: 'Without its query, of which `?` is left; empty: all those beyond the first few',
            example: 'http://localhost:3000/cb/',
          }),
          registered: z.string().nullable().meta({ description: 'The one that was most likely meant' }),
          differences: z.array(z.string()).meta({
            description:
              '`scheme`, `host`, `host_case`, `loopback_name`, `port`, `trailing_slash`, `path_case`, `path`, `query` or `not_an_address`',
          }),
          times: z.int(),
          first_at: time,
          last_at: time,
        }),
      )
      .meta({ description: 'Sent within a week and not registered, the latest first' }),
    refusals: z
      .array(
        z.object({
          action: z.string().meta({ example: 'token.refused' }),
          error: z.string().meta({ example: 'invalid_client' }),
          detail: z.string().nullable(),
          times: z.int(),
          last_at: time,
        }),
      )
      .meta({ description: 'Of the last 30 days, the latest first' }),
  })
  .meta({ id: 'ClientRefusals' });

export const clientRefusals = (['clients', 'services'] as const).map((noun) =>
  operation({
    id: `${noun}.refusals`,
    method: 'GET',
    path: `/${noun}/{client_id}/refusals`,
    summary: `Show why ${noun === 'clients' ? 'an application' : 'a service'} was refused lately`,
    description:
      'A redirect URI has to be sent exactly as it is registered. Anybody can send one in its name: what is shown here was not necessarily sent by it.',
    needs: { capability: `${noun}.manage`, at: 'root' },
    params: named,
    answer: Refusals,
    run: async ({ db, actor, tenantId, params }) => {
      const kind = noun === 'clients' ? 'application' : 'service';
      const client = await clientIn({ db, actor, tenantId }, { params }, kind);
      const registered = (client.metadata.redirect_uris ?? []) as string[];
      const mistakes = await listRedirectMistakes(db, client.id);
      return {
        redirectUris: mistakes.map((mistake) => ({
          ...mistake,
          ...(mistake.sent === '' ? { registered: null, differences: [] } : compareRedirect(mistake.sent, registered)),
        })),
        refusals: await findRefusalsOfClient(db, { tenantId, clientId: client.clientId }),
      };
    },
  }),
);
