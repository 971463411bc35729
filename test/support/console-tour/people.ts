/** What to look at of the section People. */
import type { Tour } from '../../console-screenshots.ts';

const pasted = `name,address,role,place,from,until
Astrid Berg,astrid.berg@northwind.example,Teacher,North Region,2027-08-15,2028-06-30
Björn Ek,bjorn.ek@northwind.example,Teacher,North Region,,
Cilla Dahl,cilla.dahl.northwind.example,Teacher,North Region,,
David Alm,david.alm@northwind.example,Techer,North Region,,`;

export const tour: Tour = ({ annaId, nodeIds, owner, delegate }) => [
  { name: 'list', path: '/people' },
  { name: 'list-at', path: `/people?at=${nodeIds[0]}&state=active&sort=name` },
  { name: 'list-nothing', path: '/people?q=zzzz' },
  { name: 'list-delegate', path: '/people', as: 'delegate' },
  { name: 'person', path: `/people/${annaId}` },
  { name: 'person-access', path: `/people/${annaId}/access` },
  { name: 'person-sign-in', path: `/people/${annaId}/sign-in` },
  { name: 'person-sessions', path: `/people/${delegate.id}/sessions` },
  { name: 'person-token', path: `/people/${annaId}/token` },
  { name: 'person-history', path: `/people/${annaId}/history` },
  { name: 'give', path: `/people/${annaId}/access/give?at=${nodeIds[0]}` },
  { name: 'create', path: '/people/new' },
  { name: 'create-at', path: `/people/new?at=${nodeIds[0]}` },
  { name: 'onboard', path: '/people/onboard' },
  {
    name: 'onboard-checked',
    path: '/people/onboard',
    act: async (page) => {
      await page.fill('#text', pasted);
      await page.click('button[value=check]');
      await page.waitForSelector('#rows');
    },
  },
  {
    name: 'onboard-done',
    path: '/people/onboard',
    act: async (page) => {
      // The tenant is the same for every screen: other people each time.
      await page.fill('#text', pasted.replaceAll('@', `.${Date.now()}@`));
      await page.click('button[value=check]');
      await page.click('button[value=do]');
      await page.waitForSelector('button[value=report]');
    },
  },
  { name: 'edit', path: `/people/${annaId}/edit` },
  { name: 'deactivate', path: `/people/${annaId}/deactivate` },
  { name: 'delete', path: `/people/${annaId}/delete` },
  { name: 'erase', path: `/people/${annaId}/erase` },
  { name: 'export', path: `/people/${annaId}/export` },
  { name: 'refused', path: `/people/${owner.id}/deactivate` },
  { name: 'search', path: '/search?q=lars' },
  { name: 'place', path: '/place?q=ma' },
  { name: 'not-found', path: '/people/0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3401' },
];
