import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { showPasswordQueue } from '../../../src/domain/methods/password/password-metrics.ts';
import { createSignInMetrics } from '../../../src/domain/sign-in/sign-in-metrics.ts';

describe('the metrics of signing in', () => {
  it('count attempts by method and result', async () => {
    const registry = new Registry();
    const { countSignIn } = createSignInMetrics(registry);
    countSignIn('password', 'refused');
    countSignIn('password', 'refused');
    countSignIn('otp', 'succeeded');
    const text = await registry.metrics();
    assert.match(text, /^gatehouse_sign_ins_total\{method="password",result="refused"\} 2$/m);
    assert.match(text, /^gatehouse_sign_ins_total\{method="otp",result="succeeded"\} 1$/m);
  });

  it('show the queue of passwords as it is when asked', async () => {
    const registry = new Registry();
    const passwords = { pending: 3 };
    showPasswordQueue(registry, passwords);
    assert.match(await registry.metrics(), /^gatehouse_password_queue_length 3$/m);
    passwords.pending = 0;
    assert.match(await registry.metrics(), /^gatehouse_password_queue_length 0$/m);
  });
});
