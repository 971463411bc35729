/**
 * Passwords on the command line: read from standard input, or made at random and shown once. Never an argument, which
 * the list of processes and the shell's history would show to others.
 */
import { randomInt } from 'node:crypto';
import { createInterface } from 'node:readline/promises';
import { Writable } from 'node:stream';
import { UsageError } from './failures.ts';

// Without what is mistaken for something else: 0 o, 1 i l, u v.
const readable = '23456789abcdefghjkmnpqrstwxyz';

/** Some 97 bits, in groups that can be read aloud. */
export function randomPassword(): string {
  const group = () => Array.from({ length: 4 }, () => readable[randomInt(readable.length)]).join('');
  return Array.from({ length: 5 }, group).join('-');
}

/** One line of standard input; at a terminal it is asked for and not shown. @throws UsageError where there is none */
export async function readPassword(
  input: NodeJS.ReadStream = process.stdin,
  option = '--password-stdin',
): Promise<string> {
  const password = input.isTTY ? await askForPassword(input, option) : await readAll(input, option);
  if (password === '') throw new UsageError(`${option}: standard input is empty`);
  return password;
}

async function askForPassword(input: NodeJS.ReadStream, option: string): Promise<string> {
  process.stderr.write(option === '--password-stdin' ? 'Password: ' : 'Secret: ');
  const silence = new Writable({ write: (_chunk, _encoding, done) => done() });
  const line = createInterface({ input, output: silence, terminal: true });
  try {
    return await line.question('');
  } finally {
    line.close();
    process.stderr.write('\n');
  }
}

/** No password is as long as this: a file given by mistake is not read to its end. */
const mostBytes = 8 * 1024;

async function readAll(input: NodeJS.ReadStream, option: string): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of input) {
    chunks.push(chunk as Buffer);
    size += (chunk as Buffer).length;
    if (size > mostBytes) throw new UsageError(`${option}: standard input holds too much`);
  }
  const text = Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
  if (/[\r\n]/.test(text)) throw new UsageError(`${option}: standard input holds more than one line`);
  return text;
}
