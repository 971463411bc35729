/** An ordinary form of a machine is read before the library would read it, at a third of what that costs. */
import { formEndpoints, readOrdinaryForm } from '../request-form.ts';
import type { Override } from './override.ts';

export const formBody: Override = {
  name: 'form-body',
  why: 'The library reads each body by an asynchronous iterator over the stream.',
  apply({ provider }) {
    const paths = new Set(formEndpoints.map((name) => provider.pathFor(name, { mountPath: '' })));
    provider.use((ctx, next) => {
      const reading = paths.has(ctx.path) ? readOrdinaryForm(ctx) : undefined;
      return reading ? reading.then(next) : next();
    });
  },
};
