/** The `jti` of an assertion or a DPoP proof is good for one use, on any node: one statement decides. */

import { insertPayloadOnce } from '../../domain/sessions/payload-store.ts';
import { sha256 } from '../../platform/secrets.ts';
import { type Override, replaceMethod } from './override.ts';

interface ReplayDetection {
  unique(iss: string, jti: string, exp: number): Promise<boolean>;
}

const latestExpiry = Date.UTC(9999, 0);

export const replayDetection: Override = {
  name: 'replay-detection',
  why: 'The library looks for a jti and stores it afterwards; two requests could both look first.',
  apply({ provider }, { db }) {
    replaceMethod(provider.ReplayDetection as unknown as ReplayDetection, 'unique', () => (iss, jti, exp) => {
      // A client may name an end that no calendar has.
      const expiresAt = new Date(Math.min(exp * 1000, latestExpiry));
      return insertPayloadOnce(db, 'ReplayDetection', sha256(JSON.stringify([iss, jti])), Buffer.alloc(0), expiresAt);
    });
  },
};
