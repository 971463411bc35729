import assert from 'node:assert/strict';
import { Registry } from 'prom-client';
import { createTokenMetrics } from '../../../src/oidc/tokens/token-metrics.ts';

describe('the metrics of tokens', () => {
  it('have the grants that there are as labels, and nothing that a client sent', async () => {
    const registry = new Registry();
    const { countToken } = createTokenMetrics(registry);
    countToken('access_token', 'client_credentials');
    countToken('access_token', 'urn:ietf:params:oauth:grant-type:device_code');
    countToken('access_token', 'whatever a client sent');
    countToken('id_token', undefined);
    const text = await registry.metrics();
    assert.match(text, /^gatehouse_tokens_issued_total\{type="access_token",grant="client_credentials"\} 1$/m);
    assert.match(text, /^gatehouse_tokens_issued_total\{type="access_token",grant="device_code"\} 1$/m);
    assert.match(text, /^gatehouse_tokens_issued_total\{type="access_token",grant="other"\} 1$/m);
    assert.match(text, /^gatehouse_tokens_issued_total\{type="id_token",grant="other"\} 1$/m);
    assert.doesNotMatch(text, /whatever/);
  });
});
