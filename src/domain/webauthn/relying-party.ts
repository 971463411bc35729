/** Who we are to authenticators: the host of the issuer (`rp.id`), and the issuer as the one origin. */

export interface WebAuthnParty {
  /** WebAuthn Level 3, "RP ID": a host without a port. */
  rpId: string;
  origin: string;
}

/** @param issuer an origin, as the configuration has it */
export function partyOf(issuer: string): WebAuthnParty {
  const { hostname, origin } = new URL(issuer);
  return { rpId: hostname, origin };
}
