/** Counts attempts to sign in, by whichever method. Refuses nothing: its labels are the program's own words, never input. */
import { Counter, type Registry } from 'prom-client';

export interface SignInMetrics {
  /** `method`: password, otp, federation ...; `result`: succeeded, or why not. */
  countSignIn(method: string, result: string): void;
}

export function createSignInMetrics(registry: Registry): SignInMetrics {
  const signIns = new Counter({
    name: 'gatehouse_sign_ins_total',
    help: 'Attempts to sign in, by method and result.',
    labelNames: ['method', 'result'],
    registers: [registry],
  });
  return { countSignIn: (method, result) => signIns.inc({ method, result }) };
}
