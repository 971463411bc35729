/** A contract with the library: sentences about it, each with the check that it still holds. */
import { installed } from './bare-library.ts';

export interface Clause {
  /** What the library does, as a sentence. */
  says: string;
  holds(): Promise<void>;
}

/** Makes a test of each clause; one that fails says what the installed version no longer does and which file rests on it. */
export function itKeeps(file: string, clauses: readonly Clause[]): void {
  for (const { says, holds } of clauses)
    it(says, async () => {
      try {
        await holds();
      } catch (cause) {
        const found = cause instanceof Error ? cause.message : String(cause);
        throw new Error(
          `oidc-provider ${installed} no longer keeps to what src/oidc/${file} rests on: "${says}".\n${found}`,
          { cause },
        );
      }
    });
}
