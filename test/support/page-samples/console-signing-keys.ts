/** The pages of the console's section Signing keys. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('signing-keys');
const base = '/console/northwind/signing-keys';

const page: Omit<ViewModels['console/signing-keys/list'], 'frame'> = {
  keys: [
    {
      kid: 'mB3sWQ2Jp0v5Tj7hH5u1mC2oQh1bq0mPqv9O1y0VqXo',
      alg: 'RS256',
      state: 'current',
      since: '2025-10-01T08:30:00Z',
      until: null,
    },
    {
      kid: 'x9Jx3C5m8Y7gD1e0s6h4k2l0p8o6i4u2y1t3r5e7w9Q',
      alg: 'ES256',
      state: 'next',
      since: '2025-10-01T08:30:00Z',
      until: null,
    },
    {
      kid: 'Zk3c1v5b7n9m2a4s6d8f0g1h3j5k7l9q2w4e6r8t0yU',
      alg: 'ES256',
      state: 'retired',
      since: '2025-11-19T08:30:00Z',
      until: '2025-12-19T08:30:00Z',
    },
  ],
  rotationDays: 90,
  publishedHref: 'https://id.example/jwks',
  rotateHref: `${base}/rotate`,
  withdrawHref: `${base}/withdraw`,
};

const deed = (name: string, effects: { key: string; params?: Record<string, number> }[], isDangerous: boolean) => ({
  words: `console.signing_keys.${name}`,
  action: `${base}/${name}`,
  backHref: base,
  subject: 'id.example',
  effects,
  isDangerous,
  typed: isDangerous,
  isRefused: false,
});

export const samples: PageSample[] = [
  { name: 'console-signing-keys', view: 'console/signing-keys/list', page: {}, model: { frame, ...page } },
  {
    name: 'console-signing-keys-none',
    view: 'console/signing-keys/list',
    page: {},
    model: { frame, ...page, keys: [], rotationDays: 1, rotateHref: undefined, withdrawHref: undefined },
  },
  {
    name: 'console-signing-keys-rotate',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: deed(
        'rotate',
        [
          { key: 'sign', params: { count: 2 } },
          { key: 'published', params: { hours: 24 } },
          { key: 'nobody' },
          { key: 'fetch' },
        ],
        false,
      ),
    },
  },
  {
    name: 'console-signing-keys-withdraw',
    view: 'console/deed',
    page: {},
    model: {
      frame,
      deed: deed(
        'withdraw',
        [
          { key: 'keys', params: { count: 6 } },
          { key: 'tokens' },
          { key: 'cached' },
          { key: 'sessions' },
          { key: 'for_good' },
        ],
        true,
      ),
    },
  },
];
