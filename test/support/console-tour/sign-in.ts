/** What to look at of the section Sign-in. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = () => [
  { name: 'ways', path: '/sign-in' },
  { name: 'methods', path: '/sign-in/methods' },
  { name: 'codes', path: '/sign-in/codes' },
  { name: 'sign-up', path: '/sign-in/sign-up' },
  { name: 'factors', path: '/sign-in/factors' },
  { name: 'providers', path: '/sign-in/providers' },
  { name: 'add', path: '/sign-in/add' },
  { name: 'add-entra', path: '/sign-in/add/entra' },
  { name: 'add-openid', path: '/sign-in/add/openid' },
  { name: 'provider', path: '/sign-in/providers/contoso' },
  { name: 'check', path: '/sign-in/providers/contoso/check' },
  { name: 'claims', path: '/sign-in/providers/contoso/claims' },
  { name: 'terms', path: '/sign-in/terms/contoso' },
  { name: 'disable', path: '/sign-in/providers/contoso/disable' },
  { name: 'delete', path: '/sign-in/providers/contoso/delete' },
];
