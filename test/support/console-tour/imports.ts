/** What to look at of imports. */
import type { Tour } from '../../console-screenshots.ts';

const rows = `email,name,role,place
astrid.berg@import.example,Astrid Berg,Teacher,North Region
bjorn.ek@import.example,Björn Ek,,
cilla.dahl.example,Cilla Dahl,,
david.alm@import.example,David Alm,Techer,North Region`;

export const tour: Tour = () => [
  { name: 'nothing', path: '/people/imports' },
  { name: 'new', path: '/people/imports/new' },
  {
    name: 'checking',
    path: '/people/imports/new',
    act: async (page) => {
      const buffer = Buffer.from(rows);
      await page.setInputFiles('#file', { name: 'people-of-the-north.csv', mimeType: 'text/csv', buffer });
      await page.click('.form-console button[type=submit]');
      await page.waitForSelector('.tally');
    },
  },
  {
    name: 'ready',
    path: '/people/imports',
    act: async (page) => {
      await page.click('.cell-link');
      await page.waitForSelector('#rows');
    },
  },
  {
    name: 'begin',
    path: '/people/imports',
    act: async (page) => {
      await page.click('.cell-link');
      await page.waitForSelector('#rows');
      const begin = page.locator('a[href*="/begin"]');
      if ((await begin.count()) > 0) await begin.click();
      await page.waitForSelector('.effects, #rows');
    },
  },
  { name: 'list', path: '/people/imports' },
];
