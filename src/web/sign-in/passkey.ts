/**
 * Signing in with a passkey. Owns that the sign-in page carries a challenge of this interaction, which its script has signed, and
 * that a refusal is the sign-in page again, with a new one. Without scripts nothing of it shows.
 */
import type { Context } from 'koa';
import { passkeyMethod } from '../../domain/methods/passkey/passkey-method.ts';
import { passkeyLimits, signInWithPasskey } from '../../domain/methods/passkey/passkey-sign-in.ts';
import { makeChallenge } from '../../domain/webauthn/challenges.ts';
import { partyOf } from '../../domain/webauthn/relying-party.ts';
import { callerOf, toDispatcher } from '../interaction/context.ts';
import { countFailures } from '../interaction/count-failures.ts';
import { isShownOnForm } from '../interaction/form-refusal.ts';
import { acceptProof } from '../interaction/proof.ts';
import { type SignInVisit, showSignInPage } from '../interaction/sign-in-page.ts';
import type { LinkOf } from '../interaction/steps.ts';
import { suggestedAddress } from '../interaction/suggested-address.ts';
import type { Visit } from '../interaction/visit.ts';
import type { Offering, SignInOptions, WebSignInMethod } from './sign-in-method.ts';

type PasskeyVisit = Visit<LinkOf<'passkey'>>;

async function submit(ctx: Context, visit: PasskeyVisit): Promise<void> {
  const { web, interaction, tenant, form, links } = visit;
  const wanted = {
    answer: form.credential ?? '',
    interactionUid: interaction.uid,
    tenantId: tenant?.id ?? null,
  };
  try {
    const proved = await countFailures(ctx, web, passkeyLimits.passkeysPerIp, () =>
      signInWithPasskey(web.db, wanted, { ...web, caller: callerOf(ctx) }),
    );
    web.metrics.countSignIn('passkey', 'succeeded');
    await acceptProof(ctx, web, interaction, proved);
  } catch (error) {
    if (!isShownOnForm(error)) throw error;
    web.metrics.countSignIn('passkey', 'refused');
    const page: SignInVisit = { ...visit, href: links.signIn };
    await showSignInPage(ctx, page, { email: await suggestedAddress(web, interaction), refused: error });
  }
}

function offer({ web, ways, uid }: Offering, action: string): Pick<SignInOptions, 'passkey'> {
  if (ways.length === 0) return {};
  const challenge = makeChallenge(web.secrets, { purpose: 'login', place: uid });
  return { passkey: { action, challenge, rpId: partyOf(web.issuer).rpId } };
}

export const passkey: WebSignInMethod = {
  method: passkeyMethod,
  // Looked at, by a reload of what was refused, there is no page of it.
  steps: { passkey: { show: (ctx, { interaction }) => toDispatcher(ctx, interaction.uid), submit } },
  entry: 'passkey',
  offer,
};
