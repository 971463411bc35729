/**
 * The page that asks for a security key or a passkey as a second factor: its script has the browser ask for one of those that the
 * person has. Without scripts the page says so, and leads to the other factors.
 */
import type { Context } from 'koa';
import { touchedAt } from '../../domain/factors/security-keys.ts';
import { keyFactor, keysOf } from '../../domain/methods/passkey/key-factor.ts';
import { makeChallenge } from '../../domain/webauthn/challenges.ts';
import { partyOf } from '../../domain/webauthn/relying-party.ts';
import type { KnownKey } from '../../domain/webauthn/verify-made.ts';
import { DomainError } from '../../platform/errors.ts';
import { refusal } from '../interaction/form-refusal.ts';
import type { FormModel } from '../pages/form-model.ts';
import {
  answerFactor,
  beginFactor,
  type FactorSurroundings,
  type FactorVisit,
  factorSurroundings,
} from './answer-factor.ts';
import type { PendingFactor } from './pending-factor.ts';
import type { WebSecondFactor } from './web-second-factor.ts';

/** A key as the page tells the browser of it: `PublicKeyCredentialDescriptorJSON` without its type. */
export interface AllowedKey {
  id: string;
  transports: string[];
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    /** Posts `credential`. */
    'interaction/factor-key': FormModel &
      FactorSurroundings & { action: string; challenge: string; rpId: string; allow: AllowedKey[] };
  }
}

function allowed({ credentialId, transports }: KnownKey): AllowedKey {
  return { id: credentialId.toString('base64url'), transports };
}

async function draw(ctx: Context, visit: FactorVisit, pending: PendingFactor, refused?: DomainError): Promise<void> {
  const { web, href, interaction, surroundings } = visit;
  // In the words of a key: the others are about codes.
  const isWrong = refused?.code === 'FACTOR_INVALID' || refused?.code === 'FIELD_REQUIRED';
  const told = isWrong ? new DomainError('unauthenticated', 'SECURITY_KEY_REFUSED') : refused;
  const { error, status } = refusal(ctx, told, 'credential');
  const keys = await keysOf(web.db, pending.account);
  const at = touchedAt({ interactionUid: interaction.uid }, pending.account.userId);
  const model = {
    action: href,
    challenge: makeChallenge(web.secrets, at),
    rpId: partyOf(web.issuer).rpId,
    allow: keys.map(allowed),
    error,
    ...(await factorSurroundings(visit, pending, keyFactor.kind)),
  };
  web.pages.render(ctx, 'interaction/factor-key', model, { ...surroundings, status });
}

export const securityKey: WebSecondFactor = {
  kind: keyFactor.kind,
  isOffered: (web, { account }) => keyFactor.isHeld(web.db, account),
  steps: {
    'factor-key': {
      async show(ctx, visit) {
        const pending = await beginFactor(ctx, visit);
        if (pending) await draw(ctx, visit, pending);
      },
      async submit(ctx, visit) {
        const pending = await beginFactor(ctx, visit);
        if (!pending) return;
        await answerFactor(ctx, visit, { factor: keyFactor, pending, field: 'credential' }, (refused) =>
          draw(ctx, visit, pending, refused),
        );
      },
    },
  },
  entry: 'factor-key',
};
