/** Shows how many password hashes run or wait for a core: the first thing to be short of when many people sign in. */
import { Gauge, type Registry } from 'prom-client';
import type { PasswordHasher } from './password-hash.ts';

/** Read when the metrics are. */
export function showPasswordQueue(registry: Registry, passwords: Pick<PasswordHasher, 'pending'>): void {
  new Gauge({
    name: 'gatehouse_password_queue_length',
    help: 'Password hashes that wait for a core.',
    registers: [registry],
    collect() {
      this.set(passwords.pending);
    },
  });
}
