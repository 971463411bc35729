/** What a provider is built with that answers nobody outside: it draws no page, and calls no network. */
import { createAddressLimits } from '../platform/address-limits.ts';
import { createOutboundFetch } from '../platform/network/outbound.ts';
import type { ProviderDependencies, ProviderPages } from './provider.ts';

async function noPage(): Promise<void> {
  throw new Error('no page is drawn where nobody looks');
}

const noPages: ProviderPages = {
  renderError: noPage,
  logoutSource: noPage,
  postLogoutSuccessSource: noPage,
  userCodeInputSource: noPage,
  userCodeConfirmSource: noPage,
  successSource: noPage,
};

export function closed(): Pick<ProviderDependencies, 'limits' | 'pages' | 'fetch' | 'uiLocales'> {
  const fetch = createOutboundFetch({ allowedNetworks: [], timeoutMs: 1000, maxBytes: 1024 });
  // Nobody comes from an address.
  const limits = createAddressLimits({ trustedNetworks: [], numbers: {} });
  return { limits, pages: noPages, fetch: fetch as typeof globalThis.fetch, uiLocales: ['en'] };
}
