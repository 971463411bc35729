/** The page where an account here is proved before one at a provider is linked to it. */
import type { PageSample } from '../page-samples.ts';

const portal = {
  name: 'Northwind Portal',
  policyUri: 'https://portal.northwind.example/privacy',
  tosUri: 'https://portal.northwind.example/terms',
};

const linking = {
  email: 'anna.larsson@northwind.example',
  action: '/interaction/x/link',
  codeHref: '/interaction/x/code?channel=email',
  cancelHref: '/interaction/x/cancel',
};

export const samples: PageSample[] = [
  {
    name: 'link-account',
    view: 'interaction/link-account',
    page: { client: portal },
    model: { ...linking, providerName: 'Google', providerKey: 'google', hasPassword: true },
  },
  {
    name: 'link-account-code',
    view: 'interaction/link-account',
    page: { tenant: null },
    model: { ...linking, providerName: 'Contoso', hasPassword: false },
  },
];
