/** What the sign-in page shows of every method, for those of a tenant. */
import type { WebDependencies } from '../interaction/context.ts';
import type { StepName } from '../interaction/steps.ts';
import { methods } from './methods.ts';
import type { Offering, SignInOptions } from './sign-in-method.ts';

/**
 * The same for everybody who comes to the interaction.
 * @param addressOf where a step is, which the dispatcher knows
 */
export async function signInOptions(
  web: WebDependencies,
  { tenant, uid }: Pick<Offering, 'tenant' | 'uid'>,
  addressOf: (step: StepName) => string,
): Promise<SignInOptions> {
  const options: SignInOptions = { hasPassword: false, codeMethods: [], providers: [], otherMethods: [] };
  for (const { method, entry, offer } of methods) {
    const href = addressOf(entry);
    const ways = method.offers(tenant?.settings ?? null, web);
    const { button, ...offered } = await offer({ tenant, uid, web, ways }, href);
    Object.assign(options, offered);
    if (button) options.otherMethods.push({ button, href });
  }
  return options;
}
