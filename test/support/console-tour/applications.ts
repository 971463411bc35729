/** What to look at of the section Applications. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ clientIds: [portal, gradebook, tablet, partner], owner }) => [
  { name: 'list', path: '/applications' },
  { name: 'list-nothing', path: '/applications?q=zzzz' },
  { name: 'application', path: `/applications/${portal}` },
  { name: 'connect-web', path: `/applications/${portal}/connect` },
  { name: 'connect-spa', path: `/applications/${gradebook}/connect` },
  { name: 'connect-native', path: `/applications/${tablet}/connect` },
  { name: 'secrets', path: `/applications/${portal}/secrets` },
  { name: 'refusals-none', path: `/applications/${gradebook}/refusals` },
  {
    name: 'refusals',
    path: `/applications/${portal}/refusals`,
    async act(page) {
      const { origin } = new URL(page.url());
      const registered = 'https://northwind-portal.northwind.example/callback';
      for (const redirect_uri of [`${registered}/`, 'https://portal.nortwind.example/callback', `${registered}?next=1`])
        await page.request.get(
          `${origin}/authorize?${new URLSearchParams({ client_id: `${portal}`, response_type: 'code', scope: 'openid', redirect_uri })}`,
        );
      await page.request.post(`${origin}/token`, {
        headers: { authorization: `Basic ${Buffer.from(`${portal}:wrong`).toString('base64')}` },
        form: { grant_type: 'authorization_code', code: 'x', redirect_uri: registered },
      });
      await page.reload();
    },
  },
  { name: 'edit', path: `/applications/${portal}/edit` },
  { name: 'addresses', path: `/applications/${portal}/addresses` },
  { name: 'sign-in', path: `/applications/${portal}/sign-in` },
  { name: 'disable', path: `/applications/${portal}/disable` },
  { name: 'delete', path: `/applications/${portal}/delete` },
  { name: 'initial-access-none', path: '/applications/_initial-access' },
  { name: 'initial-access-create', path: '/applications/_initial-access/new' },
  {
    name: 'initial-access-made',
    path: '/applications/_initial-access/new',
    async act(page) {
      await page.fill('#name', 'Partners');
      await page.fill('#redirect_hosts', 'app.partner.example');
      await page.click('main button[type=submit]');
      await page.waitForSelector('.once');
    },
  },
  { name: 'initial-access-tokens', path: '/applications/_initial-access' },
  {
    name: 'initial-access-token',
    path: '/applications/_initial-access',
    async act(page) {
      await page.click('.cell-link');
      await page.waitForSelector('.known');
    },
  },
  {
    name: 'initial-access-revoke',
    path: '/applications/_initial-access',
    async act(page) {
      await page.click('.cell-link');
      await page.click('.danger-row a');
      await page.waitForSelector('.effects');
    },
  },
  { name: 'kinds', path: '/applications/_new' },
  { name: 'new-web', path: '/applications/_new/web' },
  { name: 'new-mcp', path: '/applications/_new/mcp' },
  { name: 'try', path: `/applications/${portal}/try` },
  {
    name: 'registered',
    path: '/applications/_new/web',
    async act(page) {
      await page.fill('#name', 'Timetable');
      await page.fill('#redirect_uris', 'https://timetable.northwind.example/auth/callback/gatehouse');
      await page.click('main button[type=submit]');
      await page.waitForSelector('.once');
    },
  },
  {
    name: 'rotated',
    path: `/applications/${partner}/secrets/rotate`,
    async act(page) {
      await page.click('main button[type=submit]');
      await page.waitForSelector('.once');
    },
  },
  {
    name: 'tried',
    path: `/applications/${portal}/try`,
    async act(page) {
      await page.click('main button[type=submit]');
      await page.fill('#password', owner.password);
      await page.click('button[type=submit]');
      await page.waitForSelector('.verdict');
    },
  },
];
