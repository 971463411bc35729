/** What to look at of the section APIs. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ apiId }) => {
  const one = `/apis/${apiId}`;
  return [
    { name: 'list', path: '/apis' },
    { name: 'create', path: '/apis/new' },
    { name: 'api', path: one },
    { name: 'edit', path: `${one}/edit` },
    { name: 'scopes', path: `${one}/scopes` },
    {
      name: 'defined',
      path: `${one}/scopes/new`,
      act: async (page) => {
        await page.fill('#capability', 'prices.read');
        await page.fill('#description', 'See what things cost');
        await page.click('.form-console button[type=submit]');
        await page.waitForSelector('.table');
      },
    },
    { name: 'define', path: `${one}/scopes/new` },
    { name: 'callers', path: `${one}/callers` },
    { name: 'delete', path: `${one}/delete` },
  ];
};
