/** The second factors, each in a file of its own. */
import { securityKey } from './key.ts';
import { recoveryCode } from './recovery-code.ts';
import { emailCode, phoneCode } from './sent-code.ts';
import { totp } from './totp.ts';
import type { WebSecondFactor } from './web-second-factor.ts';

/** In the order in which a person is asked for those that they have. */
export const secondFactors: readonly WebSecondFactor[] = [securityKey, totp, phoneCode, emailCode, recoveryCode];
