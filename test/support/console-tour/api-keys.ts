/** What to look at of the section API keys. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ nodeIds }) => [
  { name: 'create', path: `/api-keys/new?at=${nodeIds[0]}` },
  {
    name: 'made',
    path: `/api-keys/new?at=${nodeIds[0]}`,
    act: async (page) => {
      await page.fill('#name', 'Nightly export');
      await page.check('[name="capabilities:org.read"]');
      await page.click('.form-console button[type=submit]');
      await page.waitForSelector('.once');
    },
  },
  { name: 'list', path: '/api-keys' },
  { name: 'list-nothing', path: `/api-keys?at=${nodeIds[1]}` },
  {
    name: 'key',
    path: '/api-keys',
    act: async (page) => {
      await page.click('.cell-link');
      await page.waitForSelector('.known');
    },
  },
  {
    name: 'revoke',
    path: '/api-keys',
    act: async (page) => {
      await page.click('.cell-link');
      await page.click('.danger-row:last-child a');
      await page.waitForSelector('.effects');
    },
  },
];
