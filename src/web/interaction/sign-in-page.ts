/** The page where a person signs in, or chooses another way. Says the same whether an account exists or not. */
import type { Context } from 'koa';
import type { DomainError } from '../../platform/errors.ts';
import { createTurns } from '../../platform/turns.ts';
import type { LoginKind } from '../pages/sign-in-view-models.ts';
import type { SignInOptions } from '../sign-in/sign-in-method.ts';
import { refusal } from './form-refusal.ts';
import { addressToConfirm } from './known-person.ts';
import { phoneCountriesOf, recoveryChannels, signUpChannels } from './offered-channels.ts';
import { asksOrganisation } from './organisation.ts';
import type { Visit } from './visit.ts';

export type SignInVisit = Visit<'recovery' | 'signUp' | 'organisation' | 'cancel'>;

/** Asks for whoever it is, of a person who is signed in already. */
const other = '?other';

/** Drawing takes some milliseconds, and whoever is refused in a crowd is shown this page. */
const turn = createTurns(2);

/** Draws the page. `email`: what its first field holds, unless the person who is signed in is to confirm it is them. */
export async function showSignInPage(
  ctx: Context,
  visit: SignInVisit,
  { email, refused }: { email: string; refused?: DomainError },
): Promise<void> {
  await turn();
  const { web, tenant, surroundings, href, links } = visit;
  const hasRecovery = recoveryChannels(web, tenant).length > 0;
  const isOther = ctx.query.other !== undefined;
  const expectedEmail = isOther ? undefined : await addressToConfirm(web, visit);
  const { error, status } = refusal(ctx, refused, ({ params }) => String(params.field ?? 'login'));
  web.pages.render(
    ctx,
    'interaction/sign-in',
    {
      action: isOther ? href + other : href,
      cancelHref: links.cancel,
      email: isOther && !refused ? '' : email,
      expectedEmail,
      otherHref: expectedEmail === undefined ? undefined : href + other,
      ...withUnknown(await visit.options(), refused),
      hasRecovery,
      recoveryHref: hasRecovery ? links.recovery : undefined,
      signUpHref: expectedEmail === undefined && signUpChannels(web, tenant).length > 0 ? links.signUp : undefined,
      loginKind: loginKindOf(visit),
      organisationHref:
        expectedEmail === undefined && (await asksOrganisation(web.db, visit.interaction, tenant))
          ? links.organisation
          : undefined,
      error,
    },
    { ...surroundings, status },
  );
}

/** The browser is told of a passkey that it offers and that is no more. */
function withUnknown(options: SignInOptions, refused: DomainError | undefined): SignInOptions {
  const unknown = refused?.code === 'PASSKEY_REFUSED' ? refused.params.unknown : undefined;
  if (!options.passkey || unknown === undefined) return options;
  return { ...options, passkey: { ...options.passkey, unknown: String(unknown) } };
}

/** What a person may be called by here, for the label of the field. */
export function loginKindOf({ web, tenant }: Pick<SignInVisit, 'web' | 'tenant'>): LoginKind {
  const phone = phoneCountriesOf(web, tenant).length > 0;
  if (tenant?.settings.usernames) return phone ? 'email_phone_or_username' : 'email_or_username';
  return phone ? 'email_or_phone' : 'email';
}
