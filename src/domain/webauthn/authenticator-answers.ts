/**
 * What a browser hands over from an authenticator, as its JSON form (WebAuthn Level 3 section 5.1). Owns what of it is
 * looked at at all; refuses what is longer than any authenticator writes, or of another shape.
 */
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server';
import { z } from 'zod';

const base64url = (longest: number) =>
  z
    .string()
    .min(1)
    .max(longest)
    .regex(/^[A-Za-z0-9_-]+$/);

/** 16 to 1023 bytes. */
const credentialId = base64url(1364);
const transports = z.array(z.string().max(32)).max(10);

const signed = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url(8192),
    authenticatorData: base64url(8192),
    signature: base64url(8192),
    userHandle: base64url(86).optional(),
  }),
});

const made = z.object({
  id: credentialId,
  rawId: credentialId,
  type: z.literal('public-key'),
  response: z.object({
    clientDataJSON: base64url(8192),
    attestationObject: base64url(32_768),
    transports: transports.optional(),
  }),
});

/** Transports that WebAuthn knows; what a browser names besides is left out. */
const knownTransports = new Set(['ble', 'cable', 'hybrid', 'internal', 'nfc', 'smart-card', 'usb']);

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** An assertion; undefined for anything else. */
export function parseSignedAnswer(text: string): AuthenticationResponseJSON | undefined {
  const parsed = signed.safeParse(parseJson(text));
  return parsed.success ? { ...parsed.data, clientExtensionResults: {} } : undefined;
}

/** A new credential; undefined for anything else. */
export function parseMadeCredential(text: string): RegistrationResponseJSON | undefined {
  const parsed = made.safeParse(parseJson(text));
  if (!parsed.success) return undefined;
  const { response, ...credential } = parsed.data;
  const known = (response.transports ?? []).filter((transport) => knownTransports.has(transport));
  const told = { ...response, transports: known as RegistrationResponseJSON['response']['transports'] };
  return { ...credential, response: told, clientExtensionResults: {} };
}

const clientData = z.object({ challenge: z.string().max(1024), crossOrigin: z.boolean().optional() });

/** The challenge that was signed, and whether that was in a frame of another site; undefined for what is none. */
export function clientDataOf(clientDataJson: string): z.output<typeof clientData> | undefined {
  const parsed = clientData.safeParse(parseJson(Buffer.from(clientDataJson, 'base64url').toString('utf8')));
  return parsed.success ? parsed.data : undefined;
}

/** WebAuthn's user handle: the opaque id, 16 bytes, and nothing of the person. */
export function userHandleOf(userId: string): Buffer {
  return Buffer.from(userId.replaceAll('-', ''), 'hex');
}
