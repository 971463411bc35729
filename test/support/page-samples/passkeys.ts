/** The sign-in page of a tenant with passkeys. */
import type { PageSample } from '../page-samples.ts';

export const samples: PageSample[] = [
  {
    name: 'sign-in-passkey',
    view: 'interaction/sign-in',
    page: {},
    model: {
      action: '/interaction/x/sign-in',
      email: '',
      hasRecovery: true,
      recoveryHref: '/interaction/x/recovery',
      passkey: { action: '/interaction/x/passkey', rpId: 'id.example.org', challenge: 'AAAA' },
      otherMethods: [],
      error: { code: 'PASSKEY_REFUSED', params: {}, field: 'login' },
    },
  },
];
