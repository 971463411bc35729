/**
 * RFC 8252 section 8.6: another program on the device can pose as a native app, so a code is not given without the
 * person's hand in it. For our own apps a sign-in just made is that hand; a silent repeat is not.
 */
import { interactionPolicy } from 'oidc-provider';
import type { Override } from './override.ts';

const { NO_NEED_TO_PROMPT } = interactionPolicy.Check;

export const nativeClientPrompt: Override = {
  name: 'native-client-prompt',
  why: 'The library asks people of a native app for consent each time, also right after they have signed in to our own.',
  apply({ policy }) {
    const check = [...(policy.get('consent')?.checks ?? [])].find(({ reason }) => reason === 'native_client_prompt');
    if (!check) throw new Error('oidc-provider has no check native_client_prompt to be overridden');
    const ask = check.check;
    check.check = (ctx) =>
      ctx.oidc.client?.first_party === true && ctx.oidc.result?.login !== undefined ? NO_NEED_TO_PROMPT : ask(ctx);
  },
};
