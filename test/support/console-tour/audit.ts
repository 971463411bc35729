/** What to look at of the section Audit. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ annaId }) => [
  { name: 'list', path: '/audit' },
  { name: 'list-open', path: '/audit?action=role.assigned', act: (page) => page.click('.typed > summary') },
  { name: 'list-nothing', path: '/audit?request_id=none' },
  { name: 'list-person', path: `/audit?person=${annaId}&within=month` },
  { name: 'list-several', path: '/audit?person=lars' },
  {
    name: 'event',
    path: '/audit?action=role.assigned',
    act: async (page) => {
      await page.click('.table .cell-link');
      await page.waitForURL(/audit\/[0-9a-f-]{36}/);
    },
  },
  {
    name: 'event-diff',
    path: '/audit?action=tenant.settings_changed',
    act: async (page) => {
      await page.click('.table .cell-link');
      await page.waitForURL(/audit\/[0-9a-f-]{36}/);
    },
  },
  { name: 'live', path: '/audit/live' },
  { name: 'seals', path: '/audit/seals' },
  { name: 'export', path: '/audit/export?action=role.assigned&within=month' },
];
