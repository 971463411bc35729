/** A recovery code, in the place of what was lost. */
import { recoveryCodeFactor } from '../../domain/factors/recovery-codes.ts';
import { typedFactor } from './typed-factor.ts';
import type { WebSecondFactor } from './web-second-factor.ts';

export const recoveryCode: WebSecondFactor = {
  kind: recoveryCodeFactor.kind,
  // To everybody: that it is not says what somebody has.
  isOffered: async () => true,
  steps: { 'factor-recovery': typedFactor({ kind: 'recovery_code', factor: recoveryCodeFactor }) },
  entry: 'factor-recovery',
};
