/** The pages of second factors. */
import { totpAddress } from '../../../src/domain/factors/totp.ts';
import { qrCode } from '../../../src/web/factors/qr-code.ts';
import type { PageSample } from '../page-samples.ts';

const portal = {
  name: 'Northwind Portal',
  policyUri: 'https://portal.northwind.example/privacy',
  tosUri: 'https://portal.northwind.example/terms',
};
const page = { client: portal };
const seed = 'JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP';
const appHref = totpAddress(seed, { account: 'anna.larsson@northwind.example', issuer: 'Northwind Logistics' });
const restartHref = '/interaction/x/sign-in';
const enrolling = {
  action: '/interaction/x/factor/enrol',
  qr: qrCode(appHref),
  seed: 'JBSW Y3DP EHPK 3PXP JBSW Y3DP EHPK 3PXP',
  appHref,
  keyHref: '/interaction/x/factor/enrol/key',
  restartHref,
};

const touching = {
  action: '/interaction/x/factor/key',
  challenge: 'AAAA',
  rpId: 'localhost',
  allow: [{ id: 'AAAAAAAAAAAAAAAAAAAAAA', transports: ['usb'] }],
  others: [
    { kind: 'totp', href: '/interaction/x/factor/totp' },
    { kind: 'recovery_code', href: '/interaction/x/factor/recovery-code' },
  ],
  restartHref,
};
const addingKey = {
  action: '/interaction/x/factor/enrol/key',
  options: { rp: { id: 'localhost', name: 'Northwind Logistics' }, challenge: 'AAAA', user: { id: 'AAAA' } },
  appHref: '/interaction/x/factor/enrol',
  restartHref,
};

export const samples: PageSample[] = [
  {
    name: 'factor-totp',
    view: 'interaction/factor',
    page,
    model: {
      kind: 'totp',
      action: '/interaction/x/factor/totp',
      others: [{ kind: 'recovery_code', href: '/interaction/x/factor/recovery-code' }],
      restartHref,
      rememberDays: 30,
    },
  },
  {
    name: 'factor-totp-wrong',
    view: 'interaction/factor',
    page,
    model: {
      kind: 'totp',
      action: '/interaction/x/factor/totp',
      others: [{ kind: 'recovery_code', href: '/interaction/x/factor/recovery-code' }],
      restartHref,
      error: { code: 'FACTOR_INVALID', field: 'code' },
    },
  },
  {
    name: 'factor-recovery',
    view: 'interaction/factor',
    page,
    model: {
      kind: 'recovery_code',
      action: '/interaction/x/factor/recovery-code',
      others: [{ kind: 'totp', href: '/interaction/x/factor/totp' }],
      restartHref,
    },
  },
  { name: 'factor-key', view: 'interaction/factor-key', page, model: { ...touching, rememberDays: 30 } },
  {
    name: 'factor-key-refused',
    view: 'interaction/factor-key',
    page,
    model: { ...touching, error: { code: 'SECURITY_KEY_REFUSED' } },
  },
  { name: 'factor-enrol-key', view: 'interaction/factor-enrol-key', page, model: addingKey },
  {
    name: 'factor-enrol-key-refused',
    view: 'interaction/factor-enrol-key',
    page,
    model: { ...addingKey, error: { code: 'SECURITY_KEY_NOT_ADDED' } },
  },
  {
    name: 'factor-code-send',
    view: 'interaction/factor-code',
    page,
    model: {
      channel: 'email',
      action: '/interaction/x/factor/email',
      isSent: false,
      resendInSeconds: 0,
      switchTo: [],
      others: [{ kind: 'phone_code', href: '/interaction/x/factor/phone' }],
      restartHref,
    },
  },
  {
    name: 'factor-code-entry',
    view: 'interaction/factor-code',
    page,
    model: {
      channel: 'sms',
      action: '/interaction/x/factor/phone',
      isSent: true,
      resendInSeconds: 28,
      switchTo: ['whatsapp'],
      others: [{ kind: 'email_code', href: '/interaction/x/factor/email' }],
      restartHref,
      rememberDays: 30,
      error: { code: 'CODE_INVALID', field: 'code' },
    },
  },
  { name: 'factor-enrol', view: 'interaction/factor-enrol', page, model: enrolling },
  {
    name: 'factor-enrol-later',
    view: 'interaction/factor-enrol',
    page,
    model: { ...enrolling, later: { action: '/interaction/x/factor/later', until: new Date('2025-12-04T14:30:00Z') } },
  },
  {
    name: 'factor-codes',
    view: 'interaction/factor-codes',
    page,
    model: {
      action: '/interaction/x/factor/codes',
      codes: [
        '7kfd2-x9mqa',
        'b3wtz-44hpn',
        'c8rjv-m2xqs',
        'd5ygh-7nkpa',
        'e9mtb-3wvzc',
        'fq6sk-h8r2d',
        'g4xnp-v7jtb',
        'h2zcy-9kmw5',
        'j8dqr-s3fxa',
        'kt5vb-6gynh',
      ],
      fileHref: '/interaction/x/factor/recovery-codes.txt',
    },
  },
];
