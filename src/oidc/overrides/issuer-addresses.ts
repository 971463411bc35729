/**
 * Every address that the library writes or compares with is the issuer's: of endpoints in discovery, of `htu` in a DPoP
 * proof (RFC 9449 section 4.3), of `aud` in a client's assertion (RFC 7523 section 3), of forms and redirects.
 */
import { type Override, replaceMethod } from './override.ts';

interface AddressingContext {
  urlFor(name: string, options?: Record<string, unknown>): string;
}

export const issuerAddresses: Override = {
  name: 'issuer-addresses',
  why: 'The library builds addresses on the target and the host of the request, which the one who asks can choose.',
  apply({ provider }) {
    const { prototype } = (provider as unknown as { OIDCContext: { prototype: AddressingContext } }).OIDCContext;
    replaceMethod(prototype, 'urlFor', () => (name, options) => provider.urlFor(name, options));
  },
};
