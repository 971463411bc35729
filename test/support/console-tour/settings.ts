/** What to look at of the section Settings. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = () => [
  { name: 'settings', path: '/settings' },
  { name: 'name', path: '/settings/name' },
  { name: 'branding', path: '/settings/branding' },
  {
    name: 'branding-typed',
    path: '/settings/branding',
    async act(page) {
      await page.fill('[name="branding.accent_color"]', '#ffd400');
      await page.waitForSelector('iframe[src*="ffd400"]');
      for (const look of ['light', 'dark', 'phone'])
        await page.frameLocator(`.look-screen-${look} iframe[src*="ffd400"]`).locator('h1').waitFor();
    },
  },
  { name: 'sessions', path: '/settings/sessions' },
  { name: 'retention', path: '/settings/retention' },
  { name: 'limits', path: '/settings/limits' },
];
