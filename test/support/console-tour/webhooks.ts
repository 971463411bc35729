/** What to look at of the section Webhooks. */
import type { Tour } from '../../console-screenshots.ts';

const press = '.form-console button[type=submit]';

export const tour: Tour = () => [
  { name: 'nothing', path: '/webhooks' },
  {
    name: 'made',
    path: '/webhooks/new',
    act: async (page) => {
      await page.fill('#name', 'Timetable');
      await page.fill('#url', 'https://timetable.northwind.example/hooks');
      await page.click(press);
      await page.waitForSelector('.once');
    },
  },
  { name: 'new', path: '/webhooks/new' },
  { name: 'list', path: '/webhooks' },
  {
    name: 'webhook',
    path: '/webhooks',
    act: async (page) => {
      await page.click('.cell-link');
      await page.waitForSelector('.known');
    },
  },
  {
    name: 'disable',
    path: '/webhooks',
    act: async (page) => {
      await page.click('.cell-link');
      await page.click('.danger-row a[href*="/disable"]');
      await page.waitForSelector('.effects');
    },
  },
];
