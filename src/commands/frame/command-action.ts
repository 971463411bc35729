/**
 * The frame of every command: `--json`, and one place that prints. With `--json` standard output holds one JSON document
 * and nothing else; whatever a library says goes to standard error.
 */
import type { Command } from 'commander';

/** What a command found or did: `data` for `--json` (names in snake_case), `text` for people. */
export interface CommandResult {
  data: object;
  text: string;
  /** Default 0. */
  exitCode?: number;
  /** All was written while it came; `data` and `text` count for nothing. */
  isWritten?: boolean;
}

/**
 * Has a command do `work`, with `--json` among its options.
 * @param work gets the options, then the operands
 */
export function performs<Options>(
  command: Command,
  work: (options: Options, ...operands: string[]) => Promise<CommandResult>,
): Command {
  return command.option('--json', 'print one JSON document').action(async () => {
    const options = command.opts<Options & { json?: boolean }>();
    const result = await work(options, ...(command.processedArgs as string[]));
    const output = options.json ? JSON.stringify(result.data, null, 2) : result.text;
    if (!result.isWritten) process.stdout.write(`${output}\n`);
    if (result.exitCode !== undefined) process.exitCode = result.exitCode;
  });
}

/** Adds one more value of an option that may be given several times. */
export function collect(value: string, before: string[] | undefined): string[] {
  return [...(before ?? []), value];
}
