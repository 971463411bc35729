/** What to look at of the section Tenants. */
import type { Tour } from '../../console-screenshots.ts';

export const tour: Tour = ({ tenant, otherTenantId }) => [
  { name: 'list', path: '/tenants' },
  { name: 'tenant', path: `/tenants/${otherTenantId}` },
  { name: 'platform', path: `/tenants/${tenant.id}` },
  { name: 'create', path: '/tenants/new' },
  { name: 'owner', path: `/tenants/${otherTenantId}/owner` },
  { name: 'suspend', path: `/tenants/${otherTenantId}/suspend` },
  { name: 'delegate', path: '/tenants', as: 'delegate' },
];
