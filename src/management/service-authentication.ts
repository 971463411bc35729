/** What a request says of how a service proves itself. */
import { z } from 'zod';
import { certificateNames, type ServiceAuthentication } from '../domain/clients/service-authentication.ts';
import { keySet } from './client-answers.ts';
import { text } from './shapes.ts';

const names = z.strictObject(Object.fromEntries(certificateNames.map((name) => [name, text(500).optional()]))).meta({
  description: 'One name of the certificate that the proxy verifies (RFC 8705 section 2.1.2): `{"san_dns": "…"}`',
});

export const authenticationBody = {
  jwks: keySet.optional(),
  jwks_uri: text(500).optional().meta({
    description:
      'Where it publishes its public keys (RFC 7591 section 2), in place of `jwks`: it may rotate them itself',
  }),
  certificate_name: names.optional(),
  certificates: z
    .array(text(10_000))
    .min(1)
    .max(5)
    .optional()
    .meta({ description: 'Certificates that it made itself, in PEM (RFC 8705 section 2.2)' }),
  certificate_bound_tokens: z
    .boolean()
    .optional()
    .meta({ description: 'Its tokens are good together with its certificate alone (RFC 8705 section 3)' }),
};

type AuthenticationBody = { [name in keyof typeof authenticationBody]?: z.infer<(typeof authenticationBody)[name]> };

export function authenticationOf(body: AuthenticationBody): ServiceAuthentication {
  return {
    jwks: body.jwks,
    jwksUri: body.jwks_uri,
    certificateName: body.certificate_name as ServiceAuthentication['certificateName'],
    certificates: body.certificates,
    certificateBound: body.certificate_bound_tokens,
  };
}

/** Whether who has what the body names could stand in the service's place. */
export function isCredential(body: AuthenticationBody): boolean {
  return [body.jwks, body.jwks_uri, body.certificate_name, body.certificates].some((one) => one !== undefined);
}
