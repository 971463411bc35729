/** What is shown this once, such as a new secret: on the answer to the form that made it, and nowhere else. */
import type { ConsoleFrame } from './frame.ts';
import { draw } from './page.ts';
import { hrefTo, type Visit } from './visit.ts';

export interface OnceModel {
  /** Under which its words stand: `title`, `lead`, `values.<name>`, `next`. */
  words: string;
  /** What it belongs to, by name. */
  subject: string;
  /** In order; the secret is the last. */
  values: { name: string; value: string }[];
  /** Where it goes on. */
  nextHref: string;
}

declare module '../pages/view-models.ts' {
  interface ViewModels {
    'console/once': { frame: ConsoleFrame; once: OnceModel };
  }
}

/** Draws it. @param once.next below the tenant's address */
export function drawOnce(visit: Visit, { next, ...once }: Omit<OnceModel, 'nextHref'> & { next: string }): void {
  draw(visit, 'console/once', { once: { ...once, nextHref: hrefTo(visit, next) } });
}
