/** Limits by address for rules that are called without a server. */
import { createAddressLimits } from '../../src/platform/address-limits.ts';

/** As they are declared. */
export const declaredLimits = createAddressLimits({ trustedNetworks: [], numbers: {} });

/** None: what is tested is something else, and everybody comes from one address. */
export const unlimited = createAddressLimits({ trustedNetworks: ['0.0.0.0/0', '::/0'], numbers: {} });
