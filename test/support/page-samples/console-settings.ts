/** The pages of the console's section Settings. */
import type { ViewModels } from '../../../src/web/pages/view-models.ts';
import { consoleFrame } from '../console-samples.ts';
import type { PageSample } from '../page-samples.ts';

const frame = consoleFrame('settings');
const base = '/console/northwind/settings';

const groups: ViewModels['console/settings/settings']['groups'] = [
  {
    group: 'branding',
    words: 'console.settings.branding',
    editHref: `${base}/branding`,
    fields: [
      { name: 'branding_accent_color', texts: ['#2a5bd7'] },
      { name: 'branding_logo_url', texts: [] },
      { name: 'branding_support_url', texts: ['mailto:help@northwind.example'] },
    ],
  },
  {
    group: 'sessions',
    words: 'console.settings.sessions',
    editHref: `${base}/sessions`,
    fields: [
      { name: 'session_hours', texts: ['12 hours'] },
      { name: 'new_device_notices', texts: ['On'] },
    ],
  },
  {
    group: 'limits',
    words: 'console.settings.limits',
    editHref: `${base}/limits`,
    fields: [
      { name: 'address_limits_sign_in_failures', texts: [] },
      { name: 'address_limits_codes', texts: [] },
      { name: 'address_limits_trusted_networks', texts: ['203.0.113.0/24', '2001:db8:1234::/48'] },
    ],
  },
];

type Branding = ViewModels['console/settings/branding'];

const form: Branding['form'] = {
  words: 'console.settings.branding',
  action: `${base}/branding`,
  backHref: base,
  subject: 'Northwind Logistics',
  fields: [
    { name: 'branding.accent_color', kind: 'text', optional: true, maxLength: 7, value: '#ffd400' },
    { name: 'branding.logo_url', kind: 'url', optional: true, maxLength: 2000, value: '' },
    { name: 'branding.support_url', kind: 'text', optional: true, maxLength: 2000, value: '' },
  ],
  errors: [],
  hidden: [{ name: 'if_match', value: '"v1"' }],
  timeZone: 'Europe/Stockholm',
};
const looks: Branding['looks'] = (['light', 'dark', 'phone'] as const).map((look) => ({
  look,
  href: `${base}/branding/look?scheme=${look === 'dark' ? 'dark' : 'light'}&accent=%23ffd400`,
}));
const accents: Branding['accents'] = [
  {
    scheme: 'light',
    button: { text: '#0e1311', ground: '#ffd400', ratio: '13.2' },
    link: { text: '#806a00', ground: '#ffffff', ratio: '4.8' },
    isAdjusted: true,
  },
  {
    scheme: 'dark',
    button: { text: '#0e1311', ground: '#ffd400', ratio: '13.2' },
    link: { text: '#ffd400', ground: '#181c1a', ratio: '12.0' },
    isAdjusted: false,
  },
];

export const samples: PageSample[] = [
  {
    name: 'console-settings',
    view: 'console/settings/settings',
    page: {},
    model: {
      frame,
      tenant: {
        name: 'Northwind Logistics',
        slug: 'northwind',
        id: '0199a3c2-6f5e-7d41-9b1e-2f6b8e0a3601',
        createdAt: '2024-02-12T08:30:00Z',
      },
      renameHref: `${base}/name`,
      groups,
    },
  },
  {
    name: 'console-settings-branding',
    view: 'console/settings/branding',
    page: {},
    model: { frame, form, looks, accents },
  },
  {
    name: 'console-settings-branding-refused',
    view: 'console/settings/branding',
    page: {},
    model: {
      frame,
      form: { ...form, errors: [{ code: 'INVALID_INPUT', params: {}, field: 'branding.accent_color' }] },
      looks,
      accents: [],
    },
  },
  {
    name: 'console-settings-limits',
    view: 'console/form',
    page: {},
    model: {
      frame,
      form: {
        words: 'console.settings.limits',
        action: `${base}/limits`,
        backHref: base,
        subject: 'Northwind Logistics',
        fields: [
          { name: 'address_limits.sign_in_failures', kind: 'number', optional: true, value: 'many' },
          { name: 'address_limits.codes', kind: 'number', optional: true, value: '' },
          { name: 'address_limits.trusted_networks', kind: 'lines', optional: true, value: '203.0.113.0/24' },
        ],
        errors: [{ code: 'INVALID_INPUT', params: {}, field: 'address_limits.sign_in_failures' }],
        hidden: [],
        timeZone: 'Europe/Stockholm',
      },
    },
  },
];
