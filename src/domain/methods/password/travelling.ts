/** How a password that came from another system is sealed, where its row moves with a tenant. */
import type { SealedColumn } from '../../../platform/travelling.ts';
import { foreignHashPurpose } from './foreign-hash.ts';

export const foreignHashSeal: SealedColumn = {
  purpose: foreignHashPurpose,
  context: ({ user_id }) => String(user_id),
  stored: 'base64url',
};
