/** The pages of initial access tokens, in the console's section Applications. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame, listOf } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('applications');
const applicationsHref = '/console/northwind/applications';
const base = `${applicationsHref}/_initial-access`;
const one = `${base}/t1`;

type Listed = ViewModels['console/applications/initial-access-tokens']['list']['items'][number];

const listed: Listed = {
  id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601',
  name: 'Partners',
  hint: 'k3Qz',
  redirect_hosts: ['app.partner.example', 'localhost'],
  scopes: ['openid', 'email', 'stock.read'],
  most_uses: 5,
  uses: 2,
  expires_at: '2026-02-12T08:30:00Z',
  last_used_at: '2025-11-20T14:12:00Z',
  revoked_at: null,
  created_at: '2025-11-12T08:30:00Z',
  state: 'live',
  href: one,
};
const tokens: Listed[] = [
  listed,
  { ...listed, id: 't2', name: 'Rota', most_uses: 1, uses: 1, state: 'used_up', redirect_hosts: ['rota.example'] },
  { ...listed, id: 't3', name: `Exchange${'ofpartners'.repeat(8)}`, uses: 0, last_used_at: null, state: 'ended' },
  { ...listed, id: 't4', name: 'Old', state: 'revoked', revoked_at: '2025-10-12T08:30:00Z' },
];
const list = listOf('console.initial_access', base, tokens);
const { state: _, href: __, ...token } = listed;
const shown = { frame, applicationsHref, listHref: base };

export const samples: PageSample[] = [
  {
    name: 'console-initial-access',
    view: 'console/applications/initial-access-tokens',
    page: {},
    model: { frame, list, applicationsHref, createHref: `${base}/new`, isOff: false },
  },
  {
    name: 'console-initial-access-off',
    view: 'console/applications/initial-access-tokens',
    page: {},
    model: {
      frame,
      list: { ...list, items: [] },
      applicationsHref,
      createHref: `${base}/new`,
      isOff: true,
      settingsHref: '/console/northwind/settings/registration',
    },
  },
  {
    name: 'console-initial-access-token',
    view: 'console/applications/initial-access-token',
    page: {},
    model: { ...shown, token, state: 'live', revokeHref: `${one}/revoke` },
  },
  {
    name: 'console-initial-access-token-revoked',
    view: 'console/applications/initial-access-token',
    page: {},
    model: {
      ...shown,
      token: { ...token, revoked_at: '2025-11-13T08:30:00Z', last_used_at: null },
      state: 'revoked',
    },
  },
  {
    name: 'console-initial-access-create',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.initial_access.create',
        action: `${base}/new`,
        backHref: base,
        subject: '',
        hidden: [],
        timeZone: 'Europe/Stockholm',
        fields: [
          { name: 'name', kind: 'text', value: 'Partners' },
          { name: 'redirect_hosts', kind: 'lines', value: 'https://app.partner.example' },
          {
            name: 'scopes',
            kind: 'checks',
            value: 'openid',
            options: [
              { value: 'openid', label: 'openid', under: '' },
              { value: 'stock.read', label: 'stock.read: See what is in stock', under: 'Stock' },
            ],
          },
          { name: 'most_uses', kind: 'number', value: '1' },
          { name: 'expires_at', kind: 'moment', value: '2026-02-12T09:30' },
        ],
        errors: [{ code: 'INVALID_INPUT', params: {}, field: 'redirect_hosts' }],
      },
    },
  },
  {
    name: 'console-initial-access-made',
    view: 'console/once',
    page: {},
    model: {
      frame,
      once: {
        words: 'console.initial_access.made',
        subject: listed.name,
        values: [
          { name: 'registration_endpoint', value: 'https://id.example.org/register' },
          { name: 'token', value: 'ghi_ThisIsNoTokenOfAnybodyButAnExampleForTheEye' },
        ],
        nextHref: one,
      },
    },
  },
  ...([3, 0] as const).map(
    (left): PageSample => ({
      name: `console-initial-access-revoke-${left === 0 ? 'used-up' : 'live'}`,
      view: 'console/deed',
      page: {},
      model: {
        frame,
        deed: {
          words: 'console.initial_access.revoke',
          action: `${one}/revoke`,
          backHref: one,
          subject: listed.name,
          effects: [
            { key: 'left', params: { count: left } },
            { key: 'registered', params: { count: 5 - left } },
            { key: 'for_good' },
          ],
          isDangerous: true,
          typed: false,
          isRefused: false,
        },
      },
    }),
  ),
];
