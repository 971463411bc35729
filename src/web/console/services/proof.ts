/**
 * How a service proves itself, as fields of forms: by a secret if nothing is said, by keys of its own, by a certificate, or by
 * tokens of its platform. Another way than it was registered with is another service.
 */
import { ask } from '../ask.ts';
import type { FieldSpec } from '../fields.ts';
import type { Visit } from '../visit.ts';
import { keySetText, parsedKeySet } from './key-set.ts';
import { nameOfCertificate, proofOf, type Service, type ServiceMetadata, serviceParams } from './service-page.ts';

type Body = Record<string, unknown>;

const kinds = ['san_dns', 'san_uri', 'subject_dn', 'san_ip', 'san_email'].map((value) => ({ value }));
const nameFields: readonly FieldSpec[] = [
  { name: 'certificate_kind', kind: 'select', options: kinds },
  { name: 'certificate_name', kind: 'text', maxLength: 500 },
];
const bound: FieldSpec = { name: 'certificate_bound_tokens', kind: 'check' };

export const workloadFields: readonly FieldSpec[] = [
  { name: 'issuer', kind: 'url', maxLength: 500 },
  { name: 'audience', kind: 'text', maxLength: 500 },
  { name: 'subject', kind: 'text', maxLength: 500 },
  { name: 'jwks_uri', kind: 'url', optional: true, maxLength: 500 },
  { name: 'single_use', kind: 'check' },
];

/** Of a registration: each way that there is, none of which has to be chosen. */
export function newProofFields(): FieldSpec[] {
  const [kind, name] = nameFields as [FieldSpec, FieldSpec];
  return [
    { name: 'jwks', kind: 'textarea', optional: true, group: 'proof' },
    { name: 'jwks_uri', kind: 'url', optional: true, maxLength: 500 },
    { ...kind, group: 'certificate' },
    { ...name, optional: true },
    { name: 'certificates', kind: 'textarea', optional: true },
    bound,
    ...workloadFields.map((field, index) => ({
      ...field,
      name: `workload_identity.${field.name}`,
      optional: true,
      ...(index === 0 && { group: 'workload' }),
    })),
  ];
}

/** Of one that is there: what the way that it has lets change. */
export function proofFields(service: Service): FieldSpec[] {
  const proof = proofOf(service);
  const ways: Partial<Record<typeof proof, readonly FieldSpec[]>> = {
    private_key_jwt: service.metadata.jwks
      ? [{ name: 'jwks', kind: 'textarea' }]
      : [{ name: 'jwks_uri', kind: 'url', maxLength: 500 }],
    tls_client_auth: nameFields,
    self_signed_tls_client_auth: [{ name: 'certificates', kind: 'textarea' }],
  };
  return [...(ways[proof] ?? []), bound];
}

/** Certificates in PEM, one after the other. */
function certificatesText(jwks: ServiceMetadata['jwks']): string {
  const pems = (jwks?.keys ?? []).flatMap(({ x5c }) => {
    const lines = x5c?.[0]?.match(/.{1,64}/g);
    return lines ? [['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----'].join('\n')] : [];
  });
  return pems.join('\n');
}

/** What is stored of it, by the names of the fields. */
export function storedProof({ metadata }: Service): Body {
  const named = nameOfCertificate(metadata);
  return {
    jwks: keySetText(metadata.jwks),
    jwks_uri: metadata.jwks_uri,
    certificate_kind: named?.kind,
    certificate_name: named?.name,
    certificates: certificatesText(metadata.jwks),
    certificate_bound_tokens: metadata.tls_client_certificate_bound_access_tokens === true,
  };
}

/** The body as the operation takes it. */
export function withProof(body: Body): Body {
  const { certificate_kind: kind, certificate_name: name, certificates, workload_identity: workload, ...rest } = body;
  const { issuer, audience, subject } = (workload ?? {}) as Body;
  const isWorkload = [issuer, audience, subject].some((one) => one !== undefined);
  return parsedKeySet({
    ...rest,
    ...(name !== undefined && { certificate_name: { [String(kind)]: name } }),
    ...(typeof certificates === 'string' && { certificates: certificates.split(/(?=-----BEGIN )/).filter(Boolean) }),
    ...(isWorkload && { workload_identity: workload }),
  });
}

/** Of a change: a kind or a name that stayed is what it was. */
export async function withChangedProof(body: Body, visit: Visit): Promise<Body> {
  if (body.certificate_kind === undefined && body.certificate_name === undefined) return withProof(body);
  const { body: service } = await ask<Service>(visit, 'services.get', { params: serviceParams(visit) });
  const { certificate_kind, certificate_name } = storedProof(service);
  return withProof({ certificate_kind, certificate_name, ...body });
}
