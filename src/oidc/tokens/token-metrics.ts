/** Counts the tokens that are given out. Refuses a grant as a label that is none of ours: a client may send anything. */
import { Counter, type Registry } from 'prom-client';
import { cibaGrant } from '../../domain/clients/backchannel.ts';
import { tokenExchangeGrant } from '../grant-types.ts';

export interface TokenMetrics {
  /** `type`: access_token, refresh_token, id_token ...; `grant`: the grant_type that gave it. */
  countToken(type: string, grant: string | undefined): void;
}

const grants = new Map([
  ['authorization_code', 'authorization_code'],
  ['refresh_token', 'refresh_token'],
  ['client_credentials', 'client_credentials'],
  ['urn:ietf:params:oauth:grant-type:device_code', 'device_code'],
  [cibaGrant, 'ciba'],
  [tokenExchangeGrant, 'token_exchange'],
]);

export function createTokenMetrics(registry: Registry): TokenMetrics {
  const tokens = new Counter({
    name: 'gatehouse_tokens_issued_total',
    help: 'Tokens given out.',
    labelNames: ['type', 'grant'],
    registers: [registry],
  });
  return { countToken: (type, grant) => tokens.inc({ type, grant: grants.get(grant ?? '') ?? 'other' }) };
}
