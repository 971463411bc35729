/** The second factors, in the order in which a person is offered those that they have. */
import { recoveryCodeFactor } from '../factors/recovery-codes.ts';
import type { SecondFactor } from '../factors/second-factor.ts';
import { totpFactor } from '../factors/totp.ts';

export const secondFactors: readonly SecondFactor[] = [totpFactor, recoveryCodeFactor];
