/** Codes and recovery links where a username will do. */
import type { PageSample } from '../page-samples.ts';

const client = { name: 'Northwind Portal' };

export const samples: PageSample[] = [
  {
    name: 'code-request-username',
    view: 'interaction/code-request',
    page: { client },
    model: {
      action: '/interaction/x/code',
      channel: 'sms',
      usernames: true,
      address: 'anna.larsson',
      otherChannels: [{ channel: 'email', href: '/interaction/x/code?channel=email' }],
      backHref: '/interaction/x/sign-in',
      purpose: 'login',
      defaultCountryCode: 'SE',
    },
  },
  {
    name: 'code-entry-username',
    view: 'interaction/code-entry',
    page: { client },
    model: {
      action: '/interaction/x/code/enter',
      resendAction: '/interaction/x/code/resend',
      destination: 'anna.larsson',
      byUsername: true,
      channel: 'email',
      resendInSeconds: 0,
      switchTo: [],
      backHref: '/interaction/x/code',
      purpose: 'login',
      minutes: 5,
    },
  },
  {
    name: 'recovery-sent-username',
    view: 'interaction/message-sent',
    page: { client },
    model: {
      destination: 'anna.larsson',
      byUsername: true,
      channel: 'sms',
      backHref: '/interaction/x/recovery?channel=sms',
      minutes: 30,
      signInHref: '/interaction/x/sign-in',
    },
  },
];
