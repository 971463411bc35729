/**
 * A code of the device flow as people type and paste it: full-width letters are letters, invisible marks are nothing.
 */
import { changeForm } from '../request-form.ts';
import type { Override } from './override.ts';

export const typedUserCodes: Override = {
  name: 'typed-user-codes',
  why: 'The library drops from a typed code all that is no ASCII letter, so that full-width ones make an empty code.',
  apply({ provider }) {
    const path = provider.pathFor('code_verification', { mountPath: '' });
    provider.use((ctx, next) => {
      if (ctx.path !== path) return next();
      return changeForm(ctx, next, (form) => {
        const typed = form.getAll('user_code');
        // Of two the library refuses both.
        if (typed.length === 1) form.set('user_code', (typed[0] ?? '').normalize('NFKC').replace(/\p{Cf}/gu, ''));
      });
    });
  },
};
