/** What to look at of the section Provisioning. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ nodeIds }) => [
  { name: 'empty', path: '/provisioning' },
  {
    name: 'named',
    path: `/provisioning/groups/new?at=${nodeIds[0]}`,
    act: async (page) => {
      await page.fill('#display_name', 'SG-Teachers-North');
      await page.click('.form-console button[type=submit]');
      // In further rounds it is there already.
      await page.waitForSelector('.table, .alert');
    },
  },
  { name: 'credential', path: '/provisioning/credential' },
  {
    name: 'made',
    path: '/provisioning/credential',
    act: async (page) => {
      await page.fill('#name', 'Entra ID');
      await page.click('.form-console button[type=submit]');
      await page.waitForSelector('.once');
    },
  },
  {
    name: 'remove',
    path: '/provisioning',
    act: async (page) => {
      await page.click('.cell-actions a');
      await page.waitForSelector('.effects');
    },
  },
];
