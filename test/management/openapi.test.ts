import assert from 'node:assert/strict';
import spectral from '@stoplight/spectral-core';
import rulesets from '@stoplight/spectral-rulesets';
import { openApiDocument } from '../../src/management/openapi.ts';
import { operations } from '../../src/management/operations.ts';

async function faultsOf(document: object): Promise<string[]> {
  const linter = new spectral.Spectral();
  linter.setRuleset({
    // Every rule of the set, also those that are not recommended to everybody.
    extends: [[rulesets.oas as never, 'all']],
    // The licence has an identifier, which version 3.1 takes in place of an address; nobody has a mailbox for the API.
    rules: { 'license-url': 'off', 'contact-properties': 'off' },
  });
  const found = await linter.run(document as Record<string, unknown>);
  return found.map(({ code, path, message }) => `${code} at ${path.join('.')}: ${message}`);
}

describe('the OpenAPI document', () => {
  const document = openApiDocument(operations, 'https://id.example.org');

  it('has no fault that Spectral finds', async () => {
    assert.deepEqual(await faultsOf(document), []);
  }).timeout(60_000);

  it('would be found faulty with a parameter that is not in the path, and one id twice', async () => {
    const broken = structuredClone(document) as { paths: Record<string, Record<string, { operationId: string }>> };
    broken.paths['/roles/{role}'] = structuredClone(broken.paths['/roles/{role_id}']) as never;
    const codes = (await faultsOf(broken)).map((fault) => fault.split(' ')[0]);
    for (const code of ['path-params', 'operation-operationId-unique']) assert.ok(codes.includes(code), code);
  }).timeout(60_000);
});
