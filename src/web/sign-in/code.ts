/**
 * Signing in with a one-time code, by email, SMS or WhatsApp. Owns that a right code is handed on as a proof like any
 * other. Whether anybody lives at the address is for the domain to know, and for nobody to see.
 */
import type Router from '@koa/router';
import { signInWithCode } from '../../domain/methods/code/code-sign-in.ts';
import { mountCodeFlow } from '../interaction/code-flow.ts';
import { callerOf, type WebDependencies } from '../interaction/context.ts';
import { acceptProof } from '../interaction/proof.ts';
import { codeChannels } from '../interaction/sign-in-options.ts';

export function mountCodeSignIn(router: Router, web: WebDependencies): void {
  mountCodeFlow(router, web, {
    purpose: 'login',
    page: 'login',
    steps: { ask: 'code', enter: 'code/enter', resend: 'code/resend', back: 'sign-in' },
    channels: ({ tenant }) => codeChannels(web, tenant),
    async accept(ctx, { interaction, tenant }, { challenge, destination }, code) {
      const proved = await signInWithCode(
        web.db,
        { challenge, tenantId: tenant?.id ?? null, destination, code },
        { ...web, caller: callerOf(ctx) },
      );
      web.metrics.countSignIn('otp', 'succeeded');
      await acceptProof(ctx, web, interaction, proved);
    },
    refused: () => web.metrics.countSignIn('otp', 'refused'),
  });
}
