/** What a tenant asks of addresses within what the server asks: fewer than it lets through, or networks that it knows. */
import type { AddressTerms } from '../../platform/address-limits.ts';
import type { TenantSettings } from './tenant-settings.ts';

export function addressTerms(settings: TenantSettings, counted: 'codes' | 'signInFailures'): AddressTerms {
  const { trustedNetworks, [counted]: most } = settings.addressLimits;
  return { trustedNetworks, most };
}
