/**
 * What each second factor gives to the web: its steps, and its link on the pages of the others. `web-second-factors.ts` lists
 * them; nothing else names one.
 */
import type { WebDependencies } from '../interaction/context.ts';
import type { StepName } from '../interaction/steps.ts';
import type { Handlers } from '../interaction/visit.ts';
import type { PendingFactor } from './pending-factor.ts';

/** A link to another factor: `kind` chooses its words, `interaction.factor.by_<kind>`. */
export interface FactorLink {
  kind: string;
  href: string;
}

export interface WebSecondFactor {
  /** As the trail calls it. */
  kind: string;
  /** Whether a person is offered it: those that they could prove now, and what says nothing of what they have. */
  isOffered(web: WebDependencies, pending: PendingFactor): Promise<boolean>;
  /** The handlers of its steps, by their names in the dispatcher's table. */
  steps: Partial<Handlers>;
  /** Of its steps, the one that asks for it. */
  entry: StepName;
}
