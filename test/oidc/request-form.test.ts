/** Whether a form has to be looked through is told by its bytes; no spelling of a field gets past that. */
import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import type { Context } from 'koa';
import { mayHave } from '../../src/oidc/request-form.ts';

const read = (body: string | undefined) => ({ req: { body } }) as unknown as Context;

/** Each character as it is or percent-encoded, in either case. */
function spelled(text: string): string {
  return [...text]
    .map((character) => {
      const hex = character.charCodeAt(0).toString(16).padStart(2, '0');
      return [character, `%${hex}`, `%${hex.toUpperCase()}`][randomInt(3)];
    })
    .join('');
}

describe('mayHave', () => {
  it('sees a text in every spelling that a reader of forms takes for it', () => {
    for (let n = 0; n < 2_000; n++) {
      const text = ['client_assertion', '.', 'a-b~c.9_Z'][n % 3] as string;
      const body = `scope=a%3Ab&${spelled(text)}=x&grant_type=client_credentials`;
      assert.ok([...new URLSearchParams(body).keys()].includes(text));
      assert.ok(mayHave(read(body), text), body);
    }
  });

  it('passes over an ordinary form that has it nowhere', () => {
    const body = 'grant_type=client_credentials&scope=a%3Ab+c&resource=https%3A%2F%2Fapi%2Fa';
    assert.equal(mayHave(read(body), 'client_assertion'), false);
    assert.equal(mayHave(read(body), '.'), false);
  });

  it('does not answer for a form that nobody has read', () => {
    assert.ok(mayHave(read(undefined), 'client_assertion'));
  });
});
