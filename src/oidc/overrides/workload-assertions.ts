/**
 * Tokens of platforms in the place of assertions (RFC 7523): judged before the library reads the request, which then gets an
 * assertion of this process for it. Without one the library lets nobody in, for such a service has no key of its own.
 */
import { issuerKeysOf } from '../issuer-keys.ts';
import { changeForm, formEndpoints, mayHave } from '../request-form.ts';
import { memoryOf } from '../request-memory.ts';
import { assertionFor } from '../workload-key.ts';
import { judgeWorkloadToken } from '../workload-tokens.ts';
import type { Override } from './override.ts';

export const workloadAssertions: Override = {
  name: 'workload-assertions',
  why: 'The library takes assertions that a client signs itself alone.',
  apply({ provider }, { db, fetch }) {
    const keysFor = issuerKeysOf(fetch);
    const paths = new Set(formEndpoints.map((name) => provider.pathFor(name, { mountPath: '' })));
    provider.use((ctx, next) => {
      if (!paths.has(ctx.path) || !mayHave(ctx, 'client_assertion')) return next();
      return changeForm(ctx, next, async (form) => {
        const [ids, tokens] = [form.getAll('client_id'), form.getAll('client_assertion')];
        const [clientId = '', token = ''] = [ids[0], tokens[0]];
        // Of two the library refuses both.
        if (ids.length !== 1 || tokens.length !== 1 || clientId === '') return;
        const client = await provider.Client.find(clientId);
        // As any client that may not act, and not as one that is called otherwise in its assertion.
        if (!client) return form.delete('client_assertion');
        if (client.workload !== true) return;
        const judgement = await judgeWorkloadToken({ db, provider, keysFor }, clientId, token);
        memoryOf(ctx).workload = { clientId, judgement };
        form.set('client_assertion', await assertionFor(clientId, provider.issuer));
      });
    });
  },
};
