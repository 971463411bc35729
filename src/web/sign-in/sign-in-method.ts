/**
 * What each way to sign in gives to the web: its steps, and what the sign-in page shows of it. `methods.ts` lists them; the
 * dispatcher walks that list, and nothing else names a method.
 */
import type { SignInMethod, Way } from '../../domain/sign-in/method.ts';
import type { Tenant } from '../../domain/tenants/tenants.ts';
import type { WebDependencies } from '../interaction/context.ts';
import type { StepName } from '../interaction/steps.ts';
import type { Handlers } from '../interaction/visit.ts';
import type { ViewModels } from '../pages/view-models.ts';

type SignInModel = ViewModels['interaction/sign-in'];

/** What the sign-in page shows of all methods. */
export type SignInOptions = Required<Pick<SignInModel, 'hasPassword' | 'codeMethods' | 'providers' | 'otherMethods'>> &
  Pick<SignInModel, 'passkey'>;

/** What it shows of one. */
export interface Offer extends Partial<Omit<SignInOptions, 'otherMethods'>> {
  /** The name of a plain button, for a method like any other. */
  button?: string;
}

/** What a method is asked about: who is to sign in where, and the ways of its own that the tenant has here. */
export interface Offering {
  /** Null where it is not known yet. */
  tenant: Pick<Tenant, 'id' | 'settings'> | null;
  /** Of the interaction. */
  uid: string;
  web: WebDependencies;
  ways: readonly Way[];
}

export interface WebSignInMethod {
  /** What the domain knows of it. */
  method: SignInMethod;
  /** The handlers of its steps, by their names in the dispatcher's table. */
  steps: Partial<Handlers>;
  /** Of its steps, the one that the sign-in page leads to. */
  entry: StepName;
  /** What the sign-in page shows of it in this tenant. @param href of `entry` */
  offer(offering: Offering, href: string): Offer | Promise<Offer>;
}
