/**
 * `--env-file FILE`: the server's own settings, for a command that runs outside of the unit or the container that has them.
 * Variables that the environment has already win, as with Node.js and Docker.
 */
import { readFileSync } from 'node:fs';
import { parseEnv } from 'node:util';
import { variables } from '../../config.ts';
import { UsageError } from './failures.ts';

const option = '--env-file';

/**
 * Takes the option out of the words of a command line, wherever it stands.
 * @throws UsageError without a file, and for a second one
 */
export function takeEnvFile(words: readonly string[]): { words: string[]; file: string | undefined } {
  const rest: string[] = [];
  const files: string[] = [];
  for (let n = 0; n < words.length; n++) {
    const word = words[n] as string;
    if (word !== option && !word.startsWith(`${option}=`)) {
      rest.push(word);
      continue;
    }
    const file = word === option ? words[++n] : word.slice(option.length + 1);
    if (!file) throw new UsageError(`${option}: name the file of the server's settings, such as /etc/gatehouse/env`);
    files.push(file);
  }
  if (files.length > 1) throw new UsageError(`${option}: give one file`);
  return { words: rest, file: files[0] };
}

/** The variables of a file. @throws UsageError where it cannot be read */
export function readEnvFile(file: string): NodeJS.Dict<string> {
  try {
    return parseEnv(readFileSync(file, 'utf8'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const advice = code === 'EACCES' ? 'Run the command as the account that may read it.' : 'Is the path right?';
    throw new UsageError(`${option} ${file}: cannot be read (${code}). ${advice}`, { cause: error });
  }
}

/** Adds the variables of a file to the environment of this process. @throws UsageError */
export function loadEnvFile(file: string, environment: NodeJS.ProcessEnv = variables): void {
  for (const [name, value] of Object.entries(readEnvFile(file))) environment[name] ??= value;
}
