/** What to look at of the section Event streams. */
import type { Tour } from '../../console-screenshots.ts';

const open = { path: '/event-streams' };

export const tour: Tour = () => [
  { name: 'nothing', path: '/event-streams' },
  {
    name: 'made',
    path: '/event-streams/new',
    act: async (page) => {
      await page.fill('#description', 'Timetable');
      await page.fill('#endpoint_url', 'https://timetable.northwind.example/events');
      await page.click('.form-console button[type=submit]');
      await page.waitForSelector('.known');
    },
  },
  { name: 'new', path: '/event-streams/new' },
  { name: 'list', path: '/event-streams' },
  {
    name: 'verified',
    ...open,
    act: async (page) => {
      await page.click('.cell-link');
      await page.click('a[href*="/verify"]');
      await page.click('.form-console button[type=submit], main form button[type=submit]');
      await page.waitForSelector('.known');
    },
  },
];
