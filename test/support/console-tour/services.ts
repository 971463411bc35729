/** What to look at of the section Services. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ serviceIds }) => {
  const one = `/services/${serviceIds[0]}`;
  return [
    { name: 'list', path: '/services' },
    { name: 'create', path: '/services/new' },
    {
      name: 'made',
      path: '/services/new',
      act: async (page) => {
        await page.fill('#name', 'Price feed');
        await page.click('.form-console button[type=submit]');
        await page.waitForSelector('.once');
      },
    },
    { name: 'service', path: one },
    { name: 'edit', path: `${one}/edit` },
    { name: 'capabilities', path: `${one}/capabilities` },
    { name: 'secrets', path: `${one}/secrets` },
    { name: 'rotate', path: `${one}/secrets/new` },
    { name: 'connect', path: `${one}/connect` },
    { name: 'refusals', path: `${one}/refusals` },
    { name: 'disable', path: `${one}/disable` },
    { name: 'delete', path: `${one}/delete` },
  ];
};
