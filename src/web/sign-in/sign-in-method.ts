/**
 * What each way to sign in gives to the web: its steps, and what the sign-in page shows of it. `methods.ts` lists them; the
 * dispatcher walks that list, and nothing else names a method.
 */
import type { InteractionContext, WebDependencies } from '../interaction/context.ts';
import type { StepName } from '../interaction/steps.ts';
import type { Handlers } from '../interaction/visit.ts';
import type { ViewModels } from '../pages/view-models.ts';

type SignInModel = ViewModels['interaction/sign-in'];

/** What the sign-in page shows of all methods. */
export type SignInOptions = Required<Pick<SignInModel, 'hasPassword' | 'codeMethods' | 'providers' | 'otherMethods'>>;

/** What it shows of one. `button`: where a click leads to the method's own first step, for a method like any other. */
export interface Offer extends Partial<Omit<SignInOptions, 'otherMethods'>> {
  button?: SignInModel['otherMethods'][number];
}

export interface WebSignInMethod {
  /** As tenants and the domain name it. */
  id: string;
  /** The handlers of its steps, by their names in the dispatcher's table. */
  steps: Partial<Handlers>;
  /** Of its steps, the one that the sign-in page leads to. */
  entry: StepName;
  /** What the sign-in page shows of it in this tenant; nothing where it is not offered. @param href of `entry` */
  offer(found: InteractionContext & { web: WebDependencies }, href: string): Offer | Promise<Offer>;
}
