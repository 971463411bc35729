/**
 * What each second factor gives to the web: its steps, and its link on the pages of the others. `web-second-factors.ts` lists
 * them; nothing else names one.
 */
import type { SecondFactor } from '../../domain/factors/second-factor.ts';
import type { StepName } from '../interaction/steps.ts';
import type { Handlers } from '../interaction/visit.ts';

/** A link to another factor: `kind` chooses its words, `interaction.factor.by_<kind>`. */
export interface FactorLink {
  kind: string;
  href: string;
}

export interface WebSecondFactor {
  /** What the domain knows of it. */
  factor: SecondFactor;
  /** The handlers of its steps, by their names in the dispatcher's table. */
  steps: Partial<Handlers>;
  /** Of its steps, the one that asks for it. */
  entry: StepName;
  /** Whether it is offered to everybody who has enrolled something: that it is not says what they have. */
  isAlwaysOffered?: boolean;
}
