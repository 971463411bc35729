/** What a look at the installation finds (src/checks). */

/** In English, as the log and the command line: for operators alone. No credential stands in it. */
export interface Check {
  name: string;
  status: 'ok' | 'warn' | 'fail';
  /** What was found. */
  detail: string;
  /** What to do about it; absent where all is well. */
  advice?: string;
}

/** What a server found of itself. */
export interface Looked {
  /** The machine that looked. */
  server: string;
  checkedAt: Date;
  /** The worst of all. */
  status: Check['status'];
  checks: Check[];
}
