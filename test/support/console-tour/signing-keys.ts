/** What to look at of the section Signing keys. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = () => [
  { name: 'list', path: '/signing-keys' },
  { name: 'rotate', path: '/signing-keys/rotate' },
  { name: 'withdraw', path: '/signing-keys/withdraw' },
];
