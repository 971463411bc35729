/** What to look at of the section Referrals. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ referrerIds: [first, , stopped, , without], personIds }) => [
  { name: 'list', path: '/referrals' },
  { name: 'narrowed', path: '/referrals?state=owner_deleted' },
  { name: 'choose', path: '/referrals/new' },
  { name: 'make', path: `/referrals/${personIds[30]}/make` },
  { name: 'code', path: `/referrals/${first}` },
  { name: 'code-stopped', path: `/referrals/${stopped}` },
  { name: 'code-unused', path: `/referrals/${without}` },
  { name: 'until', path: `/referrals/${first}/until` },
  { name: 'stop', path: `/referrals/${first}/stop` },
  { name: 'start', path: `/referrals/${stopped}/start` },
];
