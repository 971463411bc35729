/** The pages of the console's section Health. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('health');

const page: Omit<ViewModels['console/health/health'], 'frame'> = {
  server: 'gatehouse-7d9c5b6f8-x2x7k',
  checkedAt: '2025-11-20T14:29:52Z',
  wrong: [
    {
      name: 'mail',
      status: 'fail',
      detail: 'mail.northwind.example:587: Invalid login: 535 5.7.8 Authentication failed',
      advice:
        'Correct the user and the password in SMTP_URL. What has a meaning in a URL is written by its code: @ as %40.',
    },
    {
      name: 'proxies',
      status: 'warn',
      detail: 'https, but no proxy is trusted',
      advice:
        'Set TRUSTED_PROXIES to the network of the proxy; limits by IP address count everybody as one until then.',
    },
    { name: 'something new', status: 'warn', detail: 'of a version that this page has no word for', advice: null },
  ],
  well: [
    { name: 'configuration', status: 'ok', detail: 'production', advice: null },
    { name: 'database', status: 'ok', detail: 'PostgreSQL 16.4, TLS, answers in 2 ms', advice: null },
    { name: 'signing keys', status: 'ok', detail: 'ES256 and RS256, in use for 12 days', advice: null },
  ],
  againHref: '/console/northwind/health',
};

export const samples: PageSample[] = [
  { name: 'console-health', view: 'console/health/health', page: {}, model: { frame, ...page } },
  { name: 'console-health-well', view: 'console/health/health', page: {}, model: { frame, ...page, wrong: [] } },
];
