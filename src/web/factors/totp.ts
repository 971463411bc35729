/** A code of an authenticator app. */
import { totpFactor } from '../../domain/factors/totp.ts';
import { typedFactor } from './typed-factor.ts';
import type { WebSecondFactor } from './web-second-factor.ts';

export const totp: WebSecondFactor = {
  kind: totpFactor.kind,
  isOffered: (web, { account }) => totpFactor.isHeld(web.db, account),
  steps: { 'factor-totp': typedFactor({ kind: 'totp', factor: totpFactor }) },
  entry: 'factor-totp',
};
