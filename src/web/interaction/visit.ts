/**
 * What the dispatcher hands to a step: the interaction, the form, and the addresses on the step's page. A step that is not
 * the one, or not any more, goes back to the dispatcher.
 */
import type { Context } from 'koa';
import type { PendingFactor } from '../factors/pending-factor.ts';
import type { FactorLink } from '../factors/web-second-factor.ts';
import type { SignInOptions } from '../sign-in/sign-in-method.ts';
import type { InteractionContext, WebDependencies } from './context.ts';
import type { LinkOf, StepName } from './steps.ts';

/** One request to a step. `Link`: the links of its page, as the dispatcher's table calls them. */
export interface Visit<Link extends string = never> extends InteractionContext {
  web: WebDependencies;
  /** What was posted; empty where the page is only looked at. */
  form: Readonly<Record<string, string | undefined>>;
  /** The address of the step itself. */
  href: string;
  links: Readonly<Record<Link, string>>;
  /** The second factors that a person may be asked for, the first of them at once. */
  factors(pending: PendingFactor): Promise<FactorLink[]>;
  /** What the sign-in page offers in this tenant. */
  options(): Promise<SignInOptions>;
}

export type Handler<Link extends string = never> = (ctx: Context, visit: Visit<Link>) => void | Promise<void>;

export interface StepHandlers<Link extends string = never> {
  /** Answers GET. */
  show?: Handler<Link>;
  /** Answers POST. */
  submit?: Handler<Link>;
}

/** The handlers of every step of the dispatcher's table. */
export type Handlers = { [N in StepName]: StepHandlers<LinkOf<N>> };
